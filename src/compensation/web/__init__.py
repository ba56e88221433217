"""The only code that knows HTTP: the application, its defences, the API, the pages customers open, and the console."""

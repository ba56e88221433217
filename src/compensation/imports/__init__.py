"""Orders by the file: taken in, checked as a whole, approved, issued in the background, and handed out as a result."""

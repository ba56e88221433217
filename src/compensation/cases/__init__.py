"""One customer's harm from report to choice: decided, offered, approved by a second person, handed on to be issued."""

"""The console: messages, reports and progress."""

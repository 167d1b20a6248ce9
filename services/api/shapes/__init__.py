"""What the routes of the record answer: one module for each group of routes."""

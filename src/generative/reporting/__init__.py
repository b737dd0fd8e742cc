"""One page that shows every model: its pictures, its numbers, and what they were made from."""

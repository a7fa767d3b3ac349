"""What people read, and the command that writes the parts that code knows."""

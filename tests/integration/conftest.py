"""Its place is its purpose: pytest puts this folder on the path of every test below it, so that they find `broker`."""

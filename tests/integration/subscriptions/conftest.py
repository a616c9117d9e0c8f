"""Its place is its purpose: pytest puts this folder on the path, so that the tests find `map_client`."""

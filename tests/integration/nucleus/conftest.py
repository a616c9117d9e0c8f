"""A running Nucleus for these tests; see nucleus.py."""

import pytest
from nucleus import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One for all tests of a file, which keep to folders of their own (`folder`)."""
    with Server(tmp_path_factory.mktemp("nucleus")) as running:
        yield running


@pytest.fixture
def folder(request):
    """A path that no other test uses."""
    return "/" + request.node.name.replace("[", "-").replace("]", "").replace("/", "-")

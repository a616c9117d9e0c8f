"""`http:` and `https:` of the client library against nginx: the same tests that every other provider is run through."""

import os
import re
import subprocess

import pytest
from nginx import Nginx
from omni import OMNI, Omni

TESTS = OMNI.parent / "omniclient_tests"


def run_tests(nginx, tests="*", **environment):
    """Runs what reads from the web; answers the exit status and what was printed."""
    done = subprocess.run(
        [TESTS, f"--gtest_filter=*Reading.{tests}/Web"], capture_output=True, text=True, timeout=240,
        env={**os.environ, "no_proxy": "127.0.0.1", "OMNICLIENT_TEST_WEB_FOLDER": str(nginx.files),
             "OMNICLIENT_TEST_WEB_URL": nginx.url(), **environment})
    return done.returncode, done.stdout + done.stderr


def make_certificate(folder):
    """One for 127.0.0.1, which has signed itself."""
    path = folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", f"{path}.key", "-out", path, "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return path


@pytest.mark.parametrize("index", ["html", "json"])
def test_reads_like_every_other_provider(tmp_path, index):
    with Nginx(tmp_path, index=index) as nginx:
        status, printed = run_tests(nginx)
        assert status == 0, printed
        assert int(re.search(r"\[  PASSED  \] (\d+) tests", printed)[1]) >= 9, printed


def test_verifies_servers(tmp_path):
    with Nginx(tmp_path, certificate=make_certificate(tmp_path)) as nginx:
        status, printed = run_tests(nginx, SSL_CERT_FILE=str(nginx.certificate))
        assert status == 0, printed

        status, printed = run_tests(nginx, "ReadsWhatWasWritten")
        assert status == 1
        assert "FAILED  ] Omniclient/Reading.ReadsWhatWasWritten/Web" in printed, printed


def test_never_goes_from_https_to_http(tmp_path):
    with Nginx(tmp_path / "plain") as plain:
        (plain.files / "a").write_text("hello")
        down = f"location /down {{ return 302 {plain.url('/a')}; }} location /same {{ return 302 /b; }}"
        with Nginx(tmp_path / "secure", certificate=make_certificate(tmp_path), more=down) as secure:
            (secure.files / "b").write_text("safe")
            omni = Omni(tmp_path, SSL_CERT_FILE=str(secure.certificate))
            assert omni.ok("cat", secure.url("/same")) == "safe"
            assert "the library says: " in omni.fails("cat", secure.url("/down"))

"""A real browser with a page of another origin: nothing of what it tries reaches the emulator.

Runs in ``tox -e browser`` only, with Debian's chromium. The plain bytes of the same requests are in
``test_pages_of_others``, which every run has.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.emulated import Emulator, request

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><meta charset="utf-8"><title>evil</title><body><iframe name="sink"></iframe><script>
const url = "URL", rebound = "REBOUND", body = JSON.stringify(JOB), results = {};
async function attempt(name, act) {
  try { const answer = await act(); results[name] = "answered " + (answer.status || answer.type); }
  catch (error) { results[name] = "failed"; }
}
const json = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "SageMaker.CreateTrainingJob"};
function element(tag, address) {
  return new Promise((done, failed) => {
    const made = document.createElement(tag);
    made.onload = () => done({status: "loaded"}); made.onerror = failed; made.src = address;
    document.body.append(made);
  });
}
function form(address, enctype) {
  return new Promise(done => {
    const made = document.createElement("form");
    made.method = "POST"; made.action = address; made.target = "sink"; made.enctype = enctype;
    const field = document.createElement("input");
    field.name = body; field.value = "x"; made.append(field); document.body.append(made); made.submit();
    setTimeout(() => done({status: "sent"}), 1000);
  });
}
(async () => {
  await attempt("preflighted", () => fetch(url + "/", {method: "POST", headers: json, body}));
  await attempt("simple", () => fetch(url + "/", {method: "POST", body}));
  await attempt("opaque", () => fetch(url + "/_ssm/faults", {method: "POST", mode: "no-cors", body: "error=1"}));
  await attempt("read health", () => fetch(url + "/_ssm/health"));
  await attempt("reset", () => fetch(url + "/moto-api/reset", {method: "POST", mode: "no-cors"}));
  await attempt("image", () => element("img", url + "/moto-api/data.json"));
  await attempt("script", () => element("script", url + "/_ssm/health"));
  await attempt("form", () => form(url + "/_ssm/faults", "text/plain"));
  await attempt("form to create", () => form(url + "/", "application/x-www-form-urlencoded"));
  await attempt("rebound", () => fetch(rebound + "/", {method: "POST", headers: json, body}));
  await attempt("rebound health", () => fetch(rebound + "/_ssm/health"));
  await fetch("/results", {method: "POST", body: JSON.stringify(results)});
})();
</script>"""


class Site:
    """Another origin on this machine: it serves the page, and gets what its attempts came to."""

    def __init__(self, page: str) -> None:
        self.results: dict[str, str] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._reply(page.encode())

            def do_POST(self) -> None:
                site.results = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._reply(b"")

            def _reply(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - as the base class has it

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def chromium() -> str:
    """The browser's command."""
    command = shutil.which("chromium")
    if command is None:
        pytest.fail("chromium is not installed: apt-get install chromium")
    return command


def browse(chromium: str, site: Site, profile: Path, *options: str) -> Iterator[None]:
    words = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    words += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    words += [f"--user-data-dir={profile}", *options, site.url]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 300
        while not site.results:
            assert process.poll() is None, "the browser ended"
            assert time.monotonic() < until, "the page did not report"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=300)


def test_a_page_of_another_origin_reaches_nothing(tmp_path: Path, chromium: str) -> None:
    emulator = Emulator(tmp_path / "emulator")
    try:
        mark = tmp_path / "ran"
        job = request("by-a-browser", "bucket")
        job["AlgorithmSpecification"]["ContainerEntrypoint"] = ["/bin/sh", "-c", f"touch {mark}"]
        del job["InputDataConfig"]
        rebound = f"http://rebound.example:{urlsplit(emulator.url).port}"
        page = PAGE.replace("REBOUND", rebound).replace("URL", emulator.url).replace("JOB", json.dumps(job))
        site = Site(page)
        s3 = emulator.client("s3")
        s3.create_bucket(Bucket="kept")
        emulator.calls()
        resolver = "--host-resolver-rules=MAP rebound.example 127.0.0.1"
        for _ in browse(chromium, site, tmp_path / "profile", resolver):
            pass
        site.server.shutdown()
        site.server.server_close()
        readable = {name for name, result in site.results.items() if result.startswith("answered")}
        assert readable <= {"opaque", "reset", "form", "form to create"}, site.results  # sent, and nothing read
        assert len(site.results) == 11
        assert emulator.calls() == {}
        assert not mark.exists()
        assert not (emulator.home / "jobs" / "by-a-browser").exists()
        s3.head_bucket(Bucket="kept")  # neither moto's reset nor faults came through
    finally:
        emulator.stop()


def test_a_page_under_a_rebound_name_reaches_nothing(tmp_path: Path, chromium: str) -> None:
    """The attacker's name leads to the emulator itself, so that the browser takes it for the same origin."""
    emulator = Emulator(tmp_path / "emulator")
    try:
        port = urlsplit(emulator.url).port
        words = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        words += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        words += [f"--user-data-dir={tmp_path / 'profile'}", "--host-resolver-rules=MAP rebound.example 127.0.0.1"]
        shown = {
            name: subprocess.run(
                [*words, "--dump-dom", f"http://{name}:{port}/"],
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            ).stdout
            for name in ("rebound.example", "localhost")
        }
        assert "Authentication Token" in shown["localhost"]  # it came to the check of signatures
        assert "loopback" in shown["rebound.example"]
        assert "Authentication Token" not in shown["rebound.example"]
    finally:
        emulator.stop()

"""A headless Chromium by its DevTools protocol over two pipes: no package is needed, and no port is opened."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
PATIENCE = 60.0  # seconds for one answer

# Chromium reads at 3 and writes at 4.
_PIPED = """
import fcntl, os, sys
reads, writes = (fcntl.fcntl(int(word), fcntl.F_DUPFD, 10) for word in sys.argv[1:3])
os.dup2(reads, 3)
os.dup2(writes, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""


def chromium(environ: Mapping[str, str] = os.environ) -> str | None:
    """Find a browser: KGEN_CHROMIUM, or one of the PATH."""
    given = environ.get("KGEN_CHROMIUM")
    return given or next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """One page. Gathers what it asks of a network, what it says on its console, and its exceptions."""

    def __init__(self, program: str, profile: Path) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._count, self._held, self._session = 0, b"", ""
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        self._in, self._out = ours_in, ours_out
        flags = [
            "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run", "--disable-extensions",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", f"--user-data-dir={profile}",
        ]  # fmt: skip
        words = [sys.executable, "-c", _PIPED, str(theirs_in), str(theirs_out), program, *flags, "about:blank"]
        self._process = subprocess.Popen(
            words, pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self._session = ""
        try:
            self.call("Browser.close")
        except (BrokenPipeError, EOFError):
            self._process.kill()
        self._process.wait(PATIENCE)
        os.close(self._in)
        os.close(self._out)

    def show(self, page: Path, width: int, height: int = 900, *, dark: bool = False) -> None:
        """Open a page and wait until its plots are drawn; forgets what was said and asked before."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.said.clear()
        self.asked.clear()
        self.call("Page.navigate", url=page.resolve().as_uri())
        self.until("document.documentElement?.dataset.drawn === 'yes'")

    def until(self, condition: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + PATIENCE
        while self.ask(f"Boolean({condition})") is not True:
            if time.monotonic() > end:
                raise TimeoutError(f"{condition} did not come true; the page said {self.said}")
            time.sleep(0.05)

    def ask(self, expression: str) -> Any:
        """Give the value of an expression, or of the promise that it is."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"])
        return found["result"].get("value")

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the pointer in one place and let it go in another."""
        self.mouse("mouseMoved", *start)
        self.mouse("mousePressed", *start)
        for part in range(1, 9):
            x, y = (a + (b - a) * part / 8 for a, b in zip(start, end, strict=True))
            self.mouse("mouseMoved", x, y, buttons=1)
        self.mouse("mouseReleased", *end)

    def mouse(self, kind: str, x: float, y: float, buttons: int = 0) -> None:
        pressed = {"button": "left", "clickCount": 1} if kind != "mouseMoved" else {"buttons": buttons}
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **pressed)

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """Take a screenshot of the whole page, or of the window."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._count += 1
        wanted = self._count
        message: dict[str, Any] = {"id": wanted, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while wanted not in self._answers:
            self._take(json.loads(self._read()))
        answer = self._answers.pop(wanted)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return dict(answer["result"])

    def _read(self) -> bytes:
        while b"\0" not in self._held:
            ready, _, _ = select.select([self._in], [], [], PATIENCE)
            if not ready:
                raise TimeoutError("the browser does not answer")
            found = os.read(self._in, 1 << 20)
            if not found:
                raise EOFError("the browser has gone")
            self._held += found
        line, _, self._held = self._held.partition(b"\0")
        return line

    def _take(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case None:
                self._answers[message["id"]] = message
            case "Runtime.consoleAPICalled":
                self.said.append(f"{params['type']}: {[each.get('value') for each in params['args']]}")
            case "Runtime.exceptionThrown":
                self.said.append(str(params["exceptionDetails"]))
            case "Log.entryAdded":
                self.said.append(f"{params['entry']['level']}: {params['entry']['text']}")
            case "Network.requestWillBeSent":
                self.asked.append(params["request"]["url"])
            case "Page.javascriptDialogOpening":
                self.said.append(f"a dialog: {params['message']}")

"""A classifier of irises: every hyper-parameter is a flag, and its metrics come in each form that Katib collects.

It trains in epochs, so that a metric has a history: early stopping has something to look at, and the latest value
of a metric, its least and its greatest differ. Equal flags give equal metrics.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TextIO

FAILED = 1
PENALTIES = {"none": None, "l2": 0.0, "l1": 1.0, "elasticnet": 0.5}  # name -> default share of L1


class Sink(Protocol):
    """Something that metrics are reported to."""

    def write(self, epoch: int, metrics: Mapping[str, float]) -> None: ...


class Lines:
    """A line a metric as `name=value`, or a line an epoch as JSON, whose values are texts, as Katib demands."""

    def __init__(self, stream: TextIO, style: str, *, stamped: bool) -> None:
        self.stream, self.style, self.stamped = stream, style, stamped

    def write(self, epoch: int, metrics: Mapping[str, float]) -> None:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        values = {name: f"{value:.6g}" for name, value in metrics.items()}
        if self.style == "json":
            record = {"timestamp": now, "epoch": str(epoch), **values}
            print(json.dumps(record, ensure_ascii=False), file=self.stream, flush=True)
            return
        stamp = f"{now} " if self.stamped else ""
        for name, value in values.items():
            print(f"{stamp}{name}={value}", file=self.stream, flush=True)


class Events:
    """TensorBoard event files, a scalar a metric and step."""

    def __init__(self, folder: Path) -> None:
        from tensorboardX import SummaryWriter  # noqa: PLC0415 - a second of start that other forms do not pay

        self.writer = SummaryWriter(str(folder), write_to_disk=True)

    def __enter__(self) -> Events:
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.close()

    def write(self, epoch: int, metrics: Mapping[str, float]) -> None:
        for name, value in metrics.items():
            self.writer.add_scalar(name, value, epoch)
        self.writer.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Train and report each epoch; 0, or 1 where `--fail-at` asks for it."""
    flags = _parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A container often has no locale, and Python would then fail at the first letter beyond ASCII.
        sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
    with ExitStack() as stack:
        sinks: list[Sink] = [Lines(sys.stdout, flags.format, stamped=False)]
        if flags.log_file is not None:
            flags.log_file.parent.mkdir(parents=True, exist_ok=True)
            log = stack.enter_context(flags.log_file.open("w", encoding="utf-8"))
            sinks.append(Lines(log, flags.format, stamped=True))
        if flags.event_dir is not None:
            sinks.append(stack.enter_context(Events(flags.event_dir)))
        if flags.format == "text":
            print(f"붓꽃, {flags.epochs} × {flags.max_iter} iterations")
        for epoch, metrics in enumerate(_train(flags), start=1):
            if epoch == flags.fail_at:
                print(f"epoch {epoch}: ending with an error, as --fail-at asks", file=sys.stderr)
                return FAILED
            shown = dict.fromkeys(metrics, math.nan) if epoch == flags.nan_at else metrics
            for sink in sinks:
                sink.write(epoch, shown)
    return 0


def _train(flags: argparse.Namespace) -> Iterator[dict[str, float]]:
    """Yield the metrics of each epoch; an epoch goes on from the weights of the one before."""
    from sklearn.datasets import load_iris  # noqa: PLC0415 - `--help` and a wrong flag need not wait for it
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.metrics import log_loss  # noqa: PLC0415
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    x, y = load_iris(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=flags.test_size, random_state=flags.seed, stratify=y
    )
    model = LogisticRegression(
        **_regularisation(flags),
        tol=flags.tol,
        max_iter=flags.max_iter,
        solver=flags.solver or ("lbfgs" if flags.penalty in ("l2", "none") else "saga"),
        random_state=flags.seed,
        warm_start=True,
    )
    for _ in range(flags.epochs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged is what an epoch is
            model.fit(x_train, y_train)
        yield {
            "accuracy": float(model.score(x_test, y_test)),
            "loss": float(log_loss(y_test, model.predict_proba(x_test))),
        }


def _regularisation(flags: argparse.Namespace) -> dict[str, Any]:
    share = PENALTIES[flags.penalty]
    if share is None:
        return {"C": math.inf}
    return {"C": flags.C, "l1_ratio": share if flags.l1_ratio is None else flags.l1_ratio}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Train a logistic regression on the iris data.")
    search = parser.add_argument_group("hyper-parameters")
    search.add_argument(
        "--penalty", choices=tuple(PENALTIES), default="l2", help="regularisation (default: %(default)s)"
    )
    search.add_argument(
        "--l1-ratio", type=_share, help="share of L1 in the penalty, 0 to 1 (default: the penalty's own)"
    )
    search.add_argument(
        "--C", type=_positive, default=1.0, help="inverse strength of the penalty (default: %(default)s)"
    )
    search.add_argument(
        "--tol", type=_positive, default=1e-4, help="when to stop an epoch early (default: %(default)s)"
    )
    search.add_argument("--max-iter", type=_count, default=5, help="iterations an epoch (default: %(default)s)")
    search.add_argument("--solver", choices=("lbfgs", "newton-cg", "sag", "saga"), help="default: one that fits")
    search.add_argument("--epochs", type=_count, default=5, help="default: %(default)s")
    data = parser.add_argument_group("data")
    data.add_argument("--seed", type=int, default=1337, help="of the split and the solver (default: %(default)s)")
    data.add_argument("--test-size", type=_share, default=0.2, help="share held back (default: %(default)s)")
    out = parser.add_argument_group("metrics")
    out.add_argument("--format", choices=("text", "json"), default="text", help="of lines (default: %(default)s)")
    out.add_argument("--log-file", type=Path, metavar="FILE", help="write the lines there too, with their time")
    out.add_argument("--event-dir", type=Path, metavar="DIR", help="write TensorBoard event files there too")
    tests = parser.add_argument_group("for tests")
    tests.add_argument("--fail-at", type=_count, metavar="EPOCH", help="end with an error at this epoch")
    tests.add_argument("--nan-at", type=_count, metavar="EPOCH", help="report nan at this epoch")
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 1")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


if __name__ == "__main__":
    sys.exit(main())

from collections.abc import Callable

import pytest

from services.cli.__main__ import main


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs `punkcast` with what it must refuse: exit code 2, no traceback, and one line, which is returned."""

    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["punkcast", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        output = capsys.readouterr()
        assert ended.value.code == 2, output.err
        assert "Traceback" not in output.err + output.out
        assert output.err.startswith("punkcast: ")
        assert output.err.count("\n") == 1, output.err
        return output.err.removeprefix("punkcast: ").strip()

    return run

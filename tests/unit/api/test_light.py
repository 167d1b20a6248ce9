import subprocess
import sys


def test_importing_the_gateway_loads_neither_the_model_library_nor_tables() -> None:
    code = "import sys, services.api.__main__; print(sorted({'xgboost', 'polars', 'aioboto3'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"

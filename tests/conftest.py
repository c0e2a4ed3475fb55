"""Options of the test suite."""
import pytest

from s2sad import driver

driver.check_ir = True          # the IR is verified after every pass


def pytest_addoption(parser):
    parser.addoption("--regenerate", action="store_true", help="write golden files instead of comparing with them")


@pytest.fixture
def regenerate(request):
    return request.config.getoption("--regenerate")

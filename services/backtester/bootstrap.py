"""Builds the backtester from a platform."""

from services.backtester.handlers import CONSUMER, Backtests
from shared.backtest.terms import Terms
from shared.contracts.messages import BacktestRequested
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService


def build(platform: Platform) -> MessageService:
    backtests = Backtests(database=platform.database, clock=platform.clock, terms=Terms())
    return MessageService(CONSUMER, {BacktestRequested: backtests.on_backtest_requested}, name="backtester")

"""Outcomes of a failing exercise -> the mistakes behind them, in words."""

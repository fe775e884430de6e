"""Schedules, sensors, automation conditions, freshness."""

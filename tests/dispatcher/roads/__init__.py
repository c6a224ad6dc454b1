"""Tests of the road engine."""

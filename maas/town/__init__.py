"""The town's facts and rules as data with validity dates."""

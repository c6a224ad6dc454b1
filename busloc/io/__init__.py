"""The rim of ``busloc``: WebSockets, HTTP bodies, Redis and the writing of history."""

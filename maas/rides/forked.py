"""What the process that forks all searching ones loads first.

They share its memory, which is most of theirs, and have the search compiled when they begin.  It
compiles nothing itself: for the half minute that takes, there would be no other process.
"""

import gc

import maas.rides.shuffler  # noqa: F401 -- for those that are forked
from dispatcher.kernels import is_cached
from dispatcher.search_plan import warm_search

if is_cached("search_room.eject"):
    warm_search()
# What is here is not gone through for garbage, which would copy every page of it.
gc.collect()
gc.freeze()

"""Score millions of pictures on a Ray cluster: folders, Parquet, object stores.

The pictures are cut into parts before anything runs. An actor scores a part and writes its rows to
a file of that part's own, aside first and then by renaming, so that a part done twice, because a
node died, replaces itself; and what is there already is not done again.
"""

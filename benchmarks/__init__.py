"""
How fast the platform is, as ratios of things measured side by side in one run: ``make bench``.

Each load compares three sides. The *limit* is what the machine allows (bare COPY, a bare producer, the same
transaction without its event), *ours* is the product as shipped, in its real processes, and *plain* is the ordinary
way to do the same. No room imports this package, and no test asserts a time: what is asserted is that it runs.
"""

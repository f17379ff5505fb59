"""Each request comes from an address of its own, as the manager sees it behind a proxy that it trusts.

It counts what it refuses by address, and from one address would soon answer 429 in place of each 401 and 403.
"""

import itertools

import schemathesis

CALLERS = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    caller = next(CALLERS)
    address = f"10.{caller >> 16 & 255}.{caller >> 8 & 255}.{caller & 255}"
    case.headers = {**(case.headers or {}), "X-Forwarded-For": address}

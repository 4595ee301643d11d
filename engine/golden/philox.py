"""The noise of engine/noise, for oracles that need the same draws."""

import numpy as np

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
UNIT = np.float64(np.float32(2.3283064e-10))
TURN = np.float64(np.float32(2.3283064e-10 * 6.2831855))


def normal(seed, draw, n):
    """n standard normal float32 numbers: draw number `draw` under `seed`."""
    zero = np.zeros(n, np.uint64)
    c = [zero + np.uint64(draw), zero, np.arange(n, dtype=np.uint64), zero]
    k = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        p = c[0] * np.uint64(MULTIPLIERS[0])
        q = c[2] * np.uint64(MULTIPLIERS[1])
        high = np.uint64(32)
        c = [(q >> high) ^ c[1] ^ np.uint64(k[0]), q & LOW, (p >> high) ^ c[3] ^ np.uint64(k[1]), p & LOW]
        k = [(k[0] + WEYL[0]) & 0xFFFFFFFF, (k[1] + WEYL[1]) & 0xFFFFFFFF]
    u = c[0] * UNIT + UNIT / 2
    v = c[1] * TURN + TURN / 2
    return (np.sqrt(-2 * np.log(u)) * np.sin(v)).astype(np.float32)

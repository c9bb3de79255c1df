#!/usr/bin/env bash
# NumPy 1.24.2 with CPython 3.11, amd64: what pads the ten bytes of a longdouble to sixteen is not zeros but what was in memory before, unless the
# number was made of a text. So equal numbers have bytes that differ, and a pickle, as SocketHandler sends it, takes along pieces of what
# the program had there.
. "$(dirname "$0")/lib.sh"
needs dpkg /usr/bin/python3
[[ $(dpkg --print-architecture) == amd64 ]] || { echo "not run: this is not amd64"; exit 2; }
debian python3-numpy=1:1.24.2-1+deb12u1 libblas3 liblapack3 libgfortran5
lib=$T/root/usr/lib/x86_64-linux-gnu
export PYTHONPATH=$T/root/usr/lib/python3/dist-packages LD_LIBRARY_PATH=$lib:$lib/blas:$lib/lapack

seen=$(/usr/bin/python3 - <<'PY'
import pickle
import numpy as np

def said(a):
    b = np.ascontiguousarray(a).tobytes()
    return "not zeros" if any(any(b[i + 10:i + 16]) for i in range(0, len(b), 16)) else "zeros"

def before():  # memory of the size that the numbers are going to have
    np.full(2000, int.from_bytes(b"previous", "little"), dtype="u8")

print("of a text:", said(np.longdouble("0.1")))
ones = np.ones(1000)
before()
converted = ones.astype("g")
print("converted:", said(converted))
print("computed:", said(converted / 7))
print("what was there before is in the pickle:", "yes" if b"evious" in pickle.dumps(converted, 2) else "no")
PY
)
same "of a text: zeros
converted: not zeros
computed: not zeros
what was there before is in the pickle: yes" "$seen"

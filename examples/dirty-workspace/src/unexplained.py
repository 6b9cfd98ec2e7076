# factory-gate: allow(trailing-whitespace)
INPUT = "a b"  

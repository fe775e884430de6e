# Adds up the closing lines of GoogleTest, ctest and pytest in one log: prints "PASSED FAILED".
# ctest's own line counts programs, so it counts only where no GoogleTest line was seen.
/\[  PASSED  \] [0-9]+ test/ { for (i = 1; i <= NF; i++) if ($i == "PASSED") passed += $(i + 2) }
/ [0-9]+ FAILED TESTS?$/ { for (i = 1; i < NF; i++) if ($(i + 1) == "FAILED") failed += $i }
/tests passed, [0-9]+ tests failed out of/ { programs = $NF; broken = $4 }
/^(FAILED|[0-9]+ (passed|failed|error)).* in [0-9.]+s/ || /[0-9]+ (passed|failed).* in [0-9.]+s/ {
  for (i = 1; i < NF; i++) {
    if ($(i + 1) ~ /^passed/) pytest += $i
    if ($(i + 1) ~ /^(failed|error)/) failed += $i
  }
}
END {
  if (!passed) passed = programs - broken
  if (!failed) failed = broken
  print passed + pytest + 0, failed + 0
}

package coretest

import "time"

// SetWaitLimit makes the suite wait less for what will not happen.
func SetWaitLimit(d time.Duration) { waitLimit = d }

// RaceOn tells the suite's own tests what the suite knows.
const RaceOn = raceEnabled

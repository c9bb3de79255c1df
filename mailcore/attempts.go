package mailcore

import (
	"slices"
	"time"

	"example.com/zaphandlers/mailcore/internal/message"
)

// attempt is a mail that was tried and not delivered.
type attempt struct {
	sum        uint64 // of its digest
	records    int
	identity   message.Identity
	unanswered int // attempts after which nobody knows whether the mail arrived
	poison     poisonState
}

// attempts remembers the mails that were not delivered. Whoever tries again passes records, and not a mail: a queue its batch, which
// may have grown, a window its digest. So attempts recognises the mail by its records. A mail that may have arrived is then sent
// again as the same mail, with the same Message-ID, and not for ever.
type attempts []attempt

// maxAttempts is how many mails are remembered. There is one for each holder that tries again, so mostly one.
const maxAttempts = 16

// find returns the attempt for a digest with that sum, or nil.
func (a attempts) find(sum uint64) *attempt {
	if i := slices.IndexFunc(a, func(t attempt) bool { return t.sum == sum }); i >= 0 {
		return &a[i]
	}
	return nil
}

// failed notes that an attempt failed, and returns it. If there are too many it forgets the oldest.
func (a *attempts) failed(sum uint64, records int, id message.Identity) *attempt {
	if known := a.find(sum); known != nil {
		return known
	}
	if len(*a) == maxAttempts {
		*a = slices.Delete(*a, 0, 1)
	}
	*a = append(*a, attempt{sum: sum, records: records, identity: id})
	return &(*a)[len(*a)-1]
}

// done forgets a mail that was delivered or given up.
func (a *attempts) done(sum uint64) {
	*a = slices.DeleteFunc(*a, func(t attempt) bool { return t.sum == sum })
}

// unansweredDelay returns how long a mail waits before it is sent again, after that many unanswered attempts. 0 leaves it to whoever
// tries again.
func unansweredDelay(unanswered int) time.Duration {
	if unanswered < 2 {
		return 0
	}
	return 30 * time.Second << min(unanswered-2, 4)
}

package keeper

// maxHeld is how many files, links and empty folders of a pod are kept at a time:
// what is known of them is held in memory. It is one limit for all results of the
// pod, for there may be a thousand packed runs in it.
const maxHeld = 200_000

// room is the rest of the memory for all trees of a pod, which are scanned one
// after the other.
type room struct {
	max int
	// files are those that the trees hold from one scan to the next.
	files int
}

func newRoom() *room { return &room{max: maxHeld} }

// full reports whether nothing more can be held beside what a scan has found.
func (r *room) full(found *beside) bool { return r.files+len(found.entries) >= r.max }

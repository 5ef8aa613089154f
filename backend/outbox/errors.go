package outbox

import "errors"

// ErrLost: the lane's lease ran out and somebody else has it now. The holder
// stops; what it already sent the new holder finds out (Job.Uncertain).
var ErrLost = errors.New("outbox: claim lost")

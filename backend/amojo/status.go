package amojo

import (
	"context"
	"net/http"

	"leadline/backend/chatid"
)

// Status is what became of an outbound message. "Sent" is the state before any
// of these and cannot be set.
type Status int

// The values of the wire (C §3.5). Only going forward is documented.
const (
	Delivered Status = 1
	Read      Status = 2
	Failed    Status = -1
)

// ErrorCode says why a message could not be delivered.
type ErrorCode int

// The values of the wire (C §3.5).
const (
	ConversationDeleted ErrorCode = 901
	IntegrationOff      ErrorCode = 902
	ServerError         ErrorCode = 903
	CannotConverse      ErrorCode = 904
	OtherError          ErrorCode = 905
)

// DeliveryStatus is reported for messages that were written in the CRM.
type DeliveryStatus struct {
	Status Status
	// ErrorCode and Error go out only with Failed. A code of 0 becomes OtherError,
	// for which the service demands a text; it is shown to the operator.
	ErrorCode ErrorCode
	Error     string
}

// SetDeliveryStatus reports s for the outbound message ref.
//
// Source: Chats API reference, "updating the delivery status of a message".
func (c *Client) SetDeliveryStatus(ctx context.Context, ch Channel, scope chatid.ScopeID, ref chatid.MessageRef, s DeliveryStatus) error {
	const op = "set delivery status"
	path, err := scopePath(ch, scope)
	if err == nil {
		err = segment(string(ref))
	}
	if err != nil {
		return &NotSentError{Op: op, Err: err}
	}
	return c.call(ctx, ch, request{op: op, method: http.MethodPost, path: path + "/" + string(ref) + "/delivery_status", body: s.wire()})
}

type wireStatus struct {
	StatusCode Status     `json:"status_code"`
	ErrorCode  *ErrorCode `json:"error_code,omitempty"`
	Error      *string    `json:"error,omitempty"`
}

// wire leaves the error's fields out where there is none.
func (s DeliveryStatus) wire() wireStatus {
	w := wireStatus{StatusCode: s.Status}
	if s.Status == Failed {
		if s.ErrorCode == 0 {
			s.ErrorCode = OtherError
		}
		w.ErrorCode, w.Error = &s.ErrorCode, &s.Error
	}
	return w
}

package wire

import (
	"bytes"
	"net/http"
	"reflect"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

// queryCodes are the codes that errors have in the Query protocol where it calls
// them otherwise than the shape's name, for services that speak other protocols too
// (the awsQueryError trait of CloudWatch's model). Services that speak Query alone
// use these codes themselves.
var queryCodes = map[string]map[string]string{
	"sqs": {
		"QueueDoesNotExist":            "AWS.SimpleQueueService.NonExistentQueue",
		"QueueDeletedRecently":         "AWS.SimpleQueueService.QueueDeletedRecently",
		"QueueNameExists":              "QueueAlreadyExists",
		"BatchEntryIdsNotDistinct":     "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
		"BatchRequestTooLong":          "AWS.SimpleQueueService.BatchRequestTooLong",
		"EmptyBatchRequest":            "AWS.SimpleQueueService.EmptyBatchRequest",
		"InvalidBatchEntryId":          "AWS.SimpleQueueService.InvalidBatchEntryId",
		"PurgeQueueInProgress":         "AWS.SimpleQueueService.PurgeQueueInProgress",
		"TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
	},
	"monitoring": {
		"DashboardInvalidInputError":           "InvalidParameterInput",
		"DashboardNotFoundError":               "ResourceNotFound",
		"InternalServiceFault":                 "InternalServiceError",
		"InvalidFormatFault":                   "InvalidFormat",
		"InvalidParameterCombinationException": "InvalidParameterCombination",
		"InvalidParameterValueException":       "InvalidParameterValue",
		"LimitExceededFault":                   "LimitExceeded",
		"MissingRequiredParameterException":    "MissingParameter",
	},
}

// queryCode returns the code of an error in the Query protocol.
func (q *Request) queryCode(e *core.Error) string {
	if code, ok := queryCodes[q.Service.Name][e.Code]; ok {
		return code
	}
	return e.Code
}

// Failure makes the answer for an error, in the envelope of the protocol.
func (q *Request) Failure(e *core.Error, requestID string) *Answer {
	status := e.Status
	if status < 400 || status > 599 {
		status = http.StatusBadRequest
	}
	a := q.answer(status, requestID)
	switch q.Protocol {
	case core.EC2:
		a.Body = ec2Error(e, requestID)
	case core.Query, core.RESTXML:
		a.Body = q.queryError(e, requestID)
	case core.RPCCBOR:
		a.Header.Set("X-Amzn-Query-Error", q.queryCode(e)+";"+faultOf(e))
		a.Body = appendCBOR(nil, reflect.ValueOf(errorMembers(e, "message")))
	case core.RESTJSON:
		a.Header.Set("X-Amzn-Errortype", e.Code)
		a.Body = appendJSON(nil, reflect.ValueOf(errorMembers(e, "Message")))
	default:
		if len(q.Service.Protocols) > 1 || queryCodes[q.Service.Name] != nil { // a service that spoke Query before
			a.Header.Set("X-Amzn-Query-Error", q.queryCode(e)+";"+faultOf(e))
		}
		a.Body = appendJSON(nil, reflect.ValueOf(errorMembers(e, "Message")))
	}
	return a
}

func faultOf(e *core.Error) string {
	if e.Server || e.Status >= 500 {
		return "Receiver"
	}
	return "Sender"
}

func errorMembers(e *core.Error, message string) map[string]string {
	body := map[string]string{"__type": e.Code}
	if e.Message != "" {
		body[message] = e.Message
	}
	for name, value := range e.Fields {
		body[name] = value
	}
	return body
}

func (q *Request) queryError(e *core.Error, requestID string) []byte {
	var b bytes.Buffer
	b.WriteString(`<ErrorResponse xmlns="` + q.Service.Namespace + `">`)
	element(&b, "Error", func() {
		element(&b, "Type", func() { text(&b, faultOf(e)) })
		element(&b, "Code", func() { text(&b, q.queryCode(e)) })
		element(&b, "Message", func() { text(&b, e.Message) })
		for _, name := range fieldNames(e) {
			element(&b, name, func() { text(&b, e.Fields[name]) })
		}
	})
	element(&b, "RequestId", func() { text(&b, requestID) })
	b.WriteString("</ErrorResponse>\n")
	return b.Bytes()
}

func ec2Error(e *core.Error, requestID string) []byte {
	var b bytes.Buffer
	element(&b, "Response", func() {
		element(&b, "Errors", func() {
			element(&b, "Error", func() {
				element(&b, "Code", func() { text(&b, e.Code) })
				element(&b, "Message", func() { text(&b, e.Message) })
			})
		})
		element(&b, "RequestID", func() { text(&b, requestID) })
	})
	return b.Bytes()
}

func fieldNames(e *core.Error) []string {
	names := make([]string, 0, len(e.Fields))
	for name := range e.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

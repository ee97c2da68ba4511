#include "qw/record.h"

const char *qw_record_type_name(unsigned type)
{
	switch ((enum qw_record_type)type) {
	case QW_RECORD_GATEWAY_START:
		return "gateway_start";
	case QW_RECORD_GATEWAY_STOP:
		return "gateway_stop";
	case QW_RECORD_POLICY_LOAD:
		return "policy_load";
	case QW_RECORD_SESSION_OPEN:
		return "session_open";
	case QW_RECORD_SESSION_REFUSED:
		return "session_refused";
	case QW_RECORD_SESSION_CLOSE:
		return "session_close";
	case QW_RECORD_STATEMENT:
		return "statement";
	case QW_RECORD_RESULT:
		return "result";
	case QW_RECORD_ERROR:
		return "error";
	case QW_RECORD_APPROVAL:
		return "approval";
	}
	return "unknown";
}

static const struct {
	const char *name;
	enum qw_field_kind kind;
} fields[256] = {
#define X(id, tag, text, of_kind) [tag] = {text, QW_KIND_##of_kind},
	QW_RECORD_FIELDS(X)
#undef X
};

const char *qw_record_field_name(unsigned tag, enum qw_field_kind *kind)
{
	bool known = tag < QW_COUNT(fields) && fields[tag].name;

	if (kind)
		*kind = known ? fields[tag].kind : QW_KIND_UNKNOWN;
	return known ? fields[tag].name : "unknown";
}

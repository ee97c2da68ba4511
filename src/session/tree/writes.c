/*
 * Masked values that come back. An agent that reads '***' and writes it into the column that it came from destroys what it never
 * saw. So the string constants and parameters of a statement that writes a labelled column are compared with what its mask makes,
 * and those of every write with the placeholders of content detectors.
 */
#include "../machine.h"

#include <stdio.h>

enum { OID_TEXT = 25, FORMAT_BINARY = 1 };

/* One value that the client sends: of a type if it says so, else 0, and text unless the format says otherwise. */
struct sent {
	struct qw_bytes value;
	uint32_t type_oid;
	uint16_t format;
};

typedef bool on_sent(struct session *s, const struct sent *v, const void *ctx);

/* ---- what is sent ---- */

static uint32_t type_at(const struct portal *p, size_t i)
{
	struct cursor c = cur_from(p->statement ? qw_bytes(p->statement->types, p->statement->type_bytes) : qw_bytes(NULL, 0));

	(void)cur_bytes(&c, 4 * i);
	return cur_left(&c) >= 4 ? cur_be32(&c) : 0;
}

static bool any_parameter(struct session *s, const struct portal *p, on_sent *on, const void *ctx)
{
	struct cursor c = cur_from(qw_bytes(p->binds, p->bind_bytes)), formats;
	uint16_t format_count = cur_be16(&c), count, format = 0;

	formats = cur_from(cur_bytes(&c, 2 * (size_t)format_count));
	count = cur_be16(&c);
	for (size_t i = 0; i < count; i++) {
		uint32_t n = cur_be32(&c);
		struct sent v = {.type_oid = type_at(p, i)};

		if (format_count == 1 ? i == 0 : i < format_count)
			format = cur_be16(&formats);
		else if (format_count != 1)
			format = 0;
		v.format = format;
		v.value = n == UINT32_MAX ? qw_bytes(NULL, 0) : cur_bytes(&c, n);
		if (n != UINT32_MAX && on(s, &v, ctx))
			return true;
	}
	return false;
}

/* Does `on` find something among constants and parameters of what runs? */
static bool any_sent(struct session *s, const struct qw_statement *st, on_sent *on, const void *ctx)
{
	for (size_t i = 0; st && i < st->literal_count; i++) {
		const struct sent v = {.value = qw_bytes_from(st->literals[i])};

		if (on(s, &v, ctx))
			return true;
	}
	return s->run.portal && any_parameter(s, s->run.portal, on, ctx);
}

/* ---- of masks ---- */

static bool is_of_mask(struct session *s, const struct sent *v, const void *ctx)
{
	const struct flow_write *w = ctx;
	uint32_t column = labels_type_of(s->labels, w->relation_oid, w->attnum);
	uint32_t type = v->format == FORMAT_BINARY && v->type_oid ? v->type_oid : column;

	return mask_recognise(w->label.spec, type, v->format, v->value) == MASK_TRACE_CERTAIN ||
		mask_recognise(w->label.spec, OID_TEXT, v->format, v->value) == MASK_TRACE_CERTAIN;
}

static bool object_for_masks(struct session *s, const struct qw_statement *st, const struct flow_result *f)
{
	char message[500];

	for (size_t i = 0; i < f->write_count; i++) {
		if (!any_sent(s, st, is_of_mask, &f->writes[i]))
			continue;
		(void)snprintf(message, sizeof(message),
			"blocked by rule \"flow.masked_value\": a masked value would be written into %.300s", f->writes[i].label.column);
		run_refuse(s, refusal_about(
			refusal_new("42501", "flow.masked_value", message,
				"One of the values is what the mask of this column shows in the place of the real one. "
				"The real one was never seen, and would be lost.",
				"Leave this column out of the statement, or write its real new value."),
			NULL, f->writes[i].label.column));
		return true;
	}
	return false;
}

/* ---- of detectors ---- */

static bool is_of_detector(struct session *s, const struct sent *v, const void *ctx)
{
	(void)s;
	(void)ctx;
	return detect_holds_placeholder(v->value);
}

static bool object_for_placeholders(struct session *s, const struct qw_statement *st)
{
	if (!(st->writes || st->named_op == QW_NAMED_EXECUTE) || !any_sent(s, st, is_of_detector, NULL))
		return false;
	run_refuse(s,
		refusal_new("42501", "detect.placeholder",
			"blocked by rule \"detect.placeholder\": a placeholder would be written",
			"One of the values holds a placeholder like [email] or [card], which a content detector shows "
			"in the place of what it hides. That was never seen, and would be lost.",
			"Leave this column out of the statement, or write its real new value."));
	return true;
}

bool writes_object(struct session *s)
{
	const struct run *r = &s->run;
	const struct qw_statements *facts = &r->judged->facts;
	const struct resolution *made = r->resolution;

	for (size_t i = 0; scan_wanted(s) && i < facts->count; i++)
		if (object_for_placeholders(s, &facts->list[i]))
			return true;
	if (r->unit && r->unit->is_named && made)
		return made->is_asked[r->unit->resolved_index] &&
			object_for_masks(s, facts->count ? &facts->list[0] : NULL, &made->flows[r->unit->resolved_index]);
	for (size_t i = 0; made && i < made->count; i++)
		if (made->is_asked[i] && object_for_masks(s, i < facts->count ? &facts->list[i] : NULL, &made->flows[i]))
			return true;
	return false;
}

/* The values: which limit is stricter, whether it holds, and what is said of it. */
#include "qw/limits.h"

uint64_t limits_get(const struct limits *l, enum limits_kind kind)
{
	switch (kind) {
#define X(id, name, what, instead) \
	case LIMITS_##id: \
		return l->name;
		LIMITS(X)
#undef X
	case LIMITS_COUNT:
		break;
	}
	return 0;
}

void limits_set(struct limits *l, enum limits_kind kind, uint64_t value)
{
	switch (kind) {
#define X(id, name, what, instead) \
	case LIMITS_##id: \
		l->name = value; \
		return;
		LIMITS(X)
#undef X
	case LIMITS_COUNT:
		break;
	}
}

static void tighten(uint64_t *mine, uint64_t other)
{
	if (other && (!*mine || other < *mine))
		*mine = other;
}

void limits_tighten(struct limits *a, const struct limits *b)
{
#define X(id, name, what, instead) tighten(&a->name, b->name);
	LIMITS(X)
#undef X
}

bool limits_allow(const struct limits *l, enum limits_kind kind, uint64_t used)
{
	uint64_t max = limits_get(l, kind);

	return max == 0 || used <= max;
}

struct words {
	const char *rule, *what, *instead;
};

static const struct words words[] = {
#define X(id, name, what, instead) [LIMITS_##id] = {"limit." #name, what, instead},
	LIMITS(X)
#undef X
};

const char *limits_rule(enum limits_kind kind)
{
	QW_ASSERT((unsigned)kind < LIMITS_COUNT);
	return words[kind].rule;
}

const char *limits_what(enum limits_kind kind)
{
	QW_ASSERT((unsigned)kind < LIMITS_COUNT);
	return words[kind].what;
}

const char *limits_instead(enum limits_kind kind)
{
	QW_ASSERT((unsigned)kind < LIMITS_COUNT);
	return words[kind].instead;
}

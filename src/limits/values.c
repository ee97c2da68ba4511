/* The values: which limit is stricter, whether it holds, and what is said of it. */
#include "qw/limits.h"

static uint64_t *field(struct limits *l, enum limits_kind kind)
{
	switch (kind) {
#define X(id, name, what, instead) \
	case LIMITS_##id: \
		return &l->name;
		LIMITS(X)
#undef X
	case LIMITS_COUNT:
		break;
	}
	return NULL;
}

uint64_t limits_get(const struct limits *l, enum limits_kind kind)
{
	struct limits copy = *l;
	const uint64_t *f = field(&copy, kind);

	return f ? *f : 0;
}

void limits_tighten(struct limits *a, const struct limits *b)
{
	for (int k = 0; k < LIMITS_COUNT; k++) {
		uint64_t *mine = field(a, (enum limits_kind)k);
		uint64_t other = limits_get(b, (enum limits_kind)k);

		if (other && (!*mine || other < *mine))
			*mine = other;
	}
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

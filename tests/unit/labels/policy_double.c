#include "policy_double.h"

size_t policy_mask_count(const struct policy *p)
{
	return p->count;
}

const struct policy_mask *policy_mask_at(const struct policy *p, size_t i)
{
	return &p->masks[i];
}

bool policy_pattern_match(const char *pattern, const char *text)
{
	if (*pattern == '*')
		return policy_pattern_match(pattern + 1, text) ||
		       (*text && policy_pattern_match(pattern, text + 1));
	return *pattern == *text && (*text == '\0' || policy_pattern_match(pattern + 1, text + 1));
}

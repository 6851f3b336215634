-- Who chose a time zone of their own, found among those whose time attacks end at the same moment.
CREATE INDEX members_with_zone ON members (user_id) WHERE timezone IS NOT NULL;

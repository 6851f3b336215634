# What people read, in English. The same keys and variables as in ko.ftl; the tests compare them.

## Descriptions of the slash commands and their options: at most 100 characters each.
## The key is the command's name, then the option's.

cmd-timeattack = Hold yourself to a deadline
cmd-timeattack-start = Start a time attack: a task and the time you give yourself
cmd-timeattack-start-task = What you are going to do
cmd-timeattack-start-limit = How long, or until when: 30m, 1h 30m, until 18:00, tomorrow 9am
cmd-timeattack-complete = Complete a time attack of yours
cmd-timeattack-complete-attack = Which one, if you run several
cmd-timeattack-complete-proof = A picture or file that shows it is done
cmd-timeattack-status = Show the time attacks that are running
cmd-timeattack-status-member = Whose; yours if left out
cmd-timeattack-giveup = Give up a time attack of yours
cmd-timeattack-giveup-attack = Which one, if you run several
cmd-timeattack-extend = Give a time attack of yours more time
cmd-timeattack-extend-by = How much more: 10m, 1h
cmd-timeattack-extend-attack = Which one, if you run several
cmd-timeattack-history = Show past time attacks and how they ended
cmd-timeattack-history-member = Whose; yours if left out
cmd-timeattack-leaderboard = Show who completed most
cmd-timeattack-leaderboard-period = Which days; this week if left out
cmd-timeattack-stats = Show a picture of what somebody has achieved
cmd-timeattack-stats-member = Whose; yours if left out
cmd-timeattack-reminders = Switch the reminders of your deadlines on this server on or off
cmd-timeattack-reminders-on = Whether you want them
cmd-setup = Settings of this server (needs Manage Server)
cmd-setup-channels = Choose where results and alerts are posted
cmd-setup-channels-results = Where results are posted
cmd-setup-channels-alerts = Where the bot tells you what it could not deliver
cmd-setup-channels-fallback = Where results go when the results channel does not take them
cmd-setup-locale = Choose the server's time zone and language
cmd-setup-locale-timezone = A time zone, such as Asia/Seoul
cmd-setup-locale-language = The language of public posts
cmd-setup-quiet-hours = Choose when results are posted without a sound
cmd-setup-quiet-hours-start = First minute of the quiet hours, as HH:MM
cmd-setup-quiet-hours-end = End of the quiet hours, as HH:MM
cmd-setup-quiet-hours-off = No quiet hours
cmd-setup-limits = Choose how much members may start
cmd-setup-limits-running = Time attacks that a member may run at once
cmd-setup-limits-longest = The longest time limit: 12h, 30d
cmd-setup-limits-extensions = How often one time attack may be extended
cmd-setup-messages = Choose the words of the results
cmd-setup-messages-success = The post for a success; “default” brings the original back
cmd-setup-messages-failure = The post for a failure; “default” brings the original back
cmd-setup-reminders = Choose when members are reminded of a deadline
cmd-setup-reminders-at = Shares of the time and times before its end, by comma: 50%, 10m, 1m
cmd-setup-reminders-off = No reminders
cmd-setup-show = Show this server's settings
cmd-setup-check = Check that the bot may do what the settings need
cmd-dm = Choose which direct messages you get from this server
cmd-dm-allow = Direct messages: my results and reminders, and the server's announcements
cmd-dm-allow-night = At night, too (21:00–08:00, or the server's quiet hours)
cmd-dm-allow-ads = Advertising by direct message
cmd-dm-allow-timezone = Your own time zone, if it is not the server's
cmd-dm-stop = Stop all direct messages from this server, at once and free of charge
cmd-dm-status = Show what you allowed, and what waits for you
cmd-privacy = What the bot knows about you
cmd-privacy-export = Get everything that is stored about you on this server as a file
cmd-privacy-delete = Delete everything that is stored about you on this server
cmd-help = Show what can be done here, or how one command is used
cmd-help-command = Which command
cmd-announce = Write to everybody who allowed direct messages (needs Manage Server)
cmd-announce-body = What it says; \n starts a new line. You see it before anything is sent
cmd-announce-kind = News of the server, or advertising
cmd-announce-role = Only to those who have this role
cmd-queue = What waits to be sent (needs Manage Server)
cmd-queue-status = Show what waits, why and until when
cmd-queue-parked = Show what was given up, and why
cmd-queue-retry = Try something once more that was given up
cmd-queue-retry-id = Its number in /queue parked
cmd-queue-discard = Put something away that was given up: it is neither sent nor shown
cmd-queue-discard-id = Its number in /queue parked
cmd-subscriber = Whom mail can be written to (needs Manage Server)
cmd-subscriber-import = Read subscribers from a CSV file; you see what it would do first
cmd-subscriber-import-file = CSV with a header: email, name, and any column you like; 100,000 rows and 20 MB at most
cmd-subscriber-add = Add a subscriber, or change what is known of one
cmd-subscriber-add-email = Their address
cmd-subscriber-add-name = Their name
cmd-subscriber-add-attributes = What else is known: city=Seoul, joined=2026-01-01
cmd-subscriber-add-consent_source = Where they agreed to advertising: a form, an event
cmd-subscriber-add-consent_wording = The words that they agreed to
cmd-subscriber-remove = Remove a subscriber
cmd-subscriber-remove-email = Their address
cmd-subscriber-remove-suppress = And never write to this address again, whoever imports it
cmd-subscriber-show = Show what is known of a subscriber
cmd-subscriber-show-email = Their address
cmd-subscriber-list = Show all subscribers, page by page
cmd-subscriber-export = Get all subscribers as a CSV file
cmd-correct = Correct how a time attack ended (needs Manage Server)
cmd-correct-attack = Which one: type a member or a task
cmd-correct-verdict = How it ended in truth
cmd-correct-reason = Why; everybody can read it

## Answers in Discord

# What cannot be done: what is wrong, and what to do instead.

error-internal = Something went wrong on my side, sorry. Please try again in a moment. If it happens again, tell the bot's operator this code: { $id }
error-task-length = { $length ->
    [0] Please write what you are going to do.
   *[other] The task has { $length } characters; please keep it to 200.
}
error-limit = The time limit must be between 1 second and { $longest } on this server.
error-too-many = You are running { $running ->
    [one] one time attack, which is all
   *[other] { $running } time attacks, as many as
} this server allows at once. Complete one or give one up first.
error-too-many-in-guild = { $limit } time attacks are running on this server, as many as it can have at once. Please try again when some of them have ended.
error-unknown-attack = I can't find that time attack here. Choose one from the list that appears as you type.
error-nothing-running = You have no time attack running. Start one with `/timeattack start`.
error-not-yours = That time attack belongs to somebody else. You can only change your own.
error-already-ended = That time attack has ended already. See `/timeattack history`.
error-too-late = Too late: the deadline was <t:{ $deadline }:T>. Start again with `/timeattack start`!
error-nothing-to-undo = There is nothing to take back: this time attack has no finish.
error-undo-too-late = Too late: a finish can be taken back for { $seconds } seconds.
error-was-corrected = An admin has said how this ended, so it can't be taken back.
error-not-kept = This time attack is not kept any more. Start a new one with `/timeattack start`.
error-duration-unknown = I don't understand “{ $rest }”. Write a length of time, such as 30m, 1h 30m or 2 days.
error-duration-unfinished = Write a length of time, such as 30m, 1h 30m or 2 days.
error-undone-too-often = You have taken this back { $most } times already; now it stays as it is.
error-too-many-reminders = That is too many: at most { $most } reminders, by comma, such as 50%, 10m, 1m.
error-reminder-out-of-bounds = A reminder can come between 1 second and { $earliest } before the deadline.
error-share = “{ $given }” is no share of a time. Write something between 1% and 99%.
error-reminders-incomplete = Give either `at` (such as 50%, 10m, 1m) or `off: True`, not both.
error-announcement-under-way = An announcement of yours is being sent right now, and it names you to those who get it. Please wait until it is done, or stop it, and try again.
error-email-address = “{ $given }” is no address that mail can be sent to. Write it like name@example.com.
error-subscriber-name = A name has one line of at most { $most } characters.
error-attribute = I can't read “{ $given }”. Write attributes as name=value, by comma, such as city=Seoul. A name begins with a letter; email, name, subject, image and unsubscribe_url are taken.
error-too-many-attributes = A subscriber can have at most { $most } attributes.
error-consent-incomplete = A consent needs both: where they agreed and in which words, at most 500 characters each.
error-too-many-subscribers = That would be more than { $most } subscribers, as many as a server can have.
error-unknown-subscriber = There is no subscriber with this address. Choose one from the list that appears as you type.
error-no-subscribers = There are no subscribers yet. Add them with `/subscriber add` or `/subscriber import`.
error-sheet-too-large = The file is too large: at most { $most } MB. Please split it.
error-sheet-too-long = The file has too many rows: at most { $most }. Please split it.
error-sheet-encoding = I can't read this file: it is neither UTF-8 nor CP949. Save it as “CSV UTF-8”.
error-sheet-empty = There is nothing in this file. Its first row should name the columns: email, name, …
error-sheet-without-email = No column is named “email”. The first row should name the columns: email, name, …
error-sheet-column = “{ $given }” can't be the name of a column. It begins with a letter and goes on with letters, digits and _, at most 40 in all.
error-sheet-column-twice = Two columns are named “{ $given }”. Please rename one.
error-file-unreadable = Discord didn't give me the file. Please try again in a moment.
error-unknown-command = I have no command “{ $given }”. Choose one from the list, or use `/help` alone to see them all.
error-no-extension = { $limit ->
    [0] Time attacks can't be extended on this server.
    [one] It was extended once already, which is all this server allows.
   *[other] It was extended { $limit } times already, as often as this server allows.
}
error-busy = I can't get at my data right now. Nothing was changed, and what is running goes on. Please try again in a moment.
error-only-in-servers = This works in servers only. Please use it in a channel of your server.
error-needs-manage-server = You need the “Manage Server” permission for this. Please ask an admin of the server.
error-unknown-zone = I don't know the time zone “{ $given }”. Choose one from the list, such as Asia/Seoul.
error-time-of-day = “{ $given }” is no time of day. Write it as HH:MM, such as 21:00.
error-quiet-hours-incomplete = Give both `start` and `end` (such as 21:00 and 08:00), or only `off: True`.
error-number = The number must be between { $lowest } and { $highest }.
error-longest = The longest time limit must be between 1 second and { $highest }.
error-channel-not-here = I can't see <#{ $channel }> on this server. Choose a channel of this server, and give me “View Channel” there.
error-nothing-to-change = There is nothing to change. Fill in at least one option.
error-outdated = This is too old or no longer valid. Please run the command again.
error-time-empty = Please write a time limit, such as 30m, 1h 30m or until 18:00.
error-time-too-long = That time limit is too long to read. Write something like 30m or tomorrow 9am.
error-time-bare-number = { $number } of what? Add a unit, such as { $number }m or { $number }h.
error-time-ambiguous-hour = { $hour } in the morning or in the afternoon? Write { $hour }am or { $hour }pm.
error-time-ambiguous-day = “{ $given }” is not enough for me to go by. Add the time or the exact day, such as tomorrow 9am.
error-time-past = That was <t:{ $at }:f>, which has passed. Choose a time that is still to come.
error-time-not-positive = The time limit must be longer than nothing.
error-time-too-far = That is too far away. Choose a nearer time.
error-time-not-local = { $given } does not exist: the clocks go forward over it. Choose another time.
error-time-unknown = I don't understand “{ $rest }”. Write something like 30m, 1h 30m, until 18:00 or tomorrow 9am.
error-time-unfinished = Something is missing there. Write something like 30m, 1h 30m, until 18:00 or tomorrow 9am.
error-template-unclosed = The template can't be used: the {"{"} at character { $at } is never closed. (Write {"{{"} for a brace itself.)
error-template-unopened = The template can't be used: the {"}"} at character { $at } was never opened. (Write {"}}"} for a brace itself.)
error-template-field = The template can't be used: there is no field “{ $field }” (character { $at }). The fields are mention, name, task, date, deadline, limit, taken and left.
error-template-long = The template is too long: at most { $most } characters, with the longest task counted in.
error-template-empty = The template is empty. Write “default” to have the original back.
error-body-length = The text must have between 1 and { $most } characters; it has { $length }.
error-ad-mark = Please leave out the mark “(광고)”: I write it myself, exactly as the law wants it. For advertising choose the kind “Advertising”.
error-roles = Discord didn't tell me who has that role. Please try again in a moment.
error-too-many-for-role = More than { $most } members allow direct messages here, which is too many to ask Discord about a role. Please announce it to all of them.
error-unknown-message = I can't find that message here. Choose one from the list, or see `/queue parked`.
error-still-running = That time attack is still running. It can be corrected once it has ended.
error-same-verdict = That time attack is { $verdict } already, so there is nothing to correct.
error-reason-length = { $length ->
    [0] Please write why: everybody can read the reason.
   *[other] The reason has { $length } characters; please keep it to { $most }.
}

# Result posts.

success-template = 🎉 {"{"}mention{"}"} did it: **{"{"}task{"}"}**! It took {"{"}taken{"}"}, with {"{"}left{"}"} to spare.
taken-back = ↩️ <@{ $user }> took that back. (**{ $task }**)
reminder = ⏰ <@{ $user }>, { $left } left for **{ $task }**: it ends { $relative } ({ $time }).
reminder-half = ⏳ <@{ $user }>, half the time for **{ $task }** is over: it ends { $relative } ({ $time }).
digest-title-reminders = { $count ->
    [one] One deadline is near
   *[other] { $count } deadlines are near
}
verdict-late = ⏰ The bot was away; the deadline was <t:{ $deadline }:f>.
given-up = 🏳️ <@{ $user }> gave up on **{ $task }**.
proof-title = Proof
button-new = New time attack
digest-title = Results of { $count ->
    [one] one time attack
   *[other] { $count } time attacks
}
digest-title-alerts = { $count ->
    [one] One warning
   *[other] { $count } warnings
}
alert-late = ⚠️ Messages to <#{ $channel }> are late; I keep trying. ({ $why })
alert-refused = ⚠️ I can't post in <#{ $channel }>. Please check it with `/setup check`. ({ $why })
kept-for-you = 📬 No channel took this message, so here it is:
kept-for-you-direct = 📬 I could not send you this by direct message, so here it is:

# Time attacks.

started = ⏱️ <@{ $user }> started **{ $task }**!
    The deadline is { $relative } ({ $time }).
started-completed = ✅ <@{ $user }> completed **{ $task }** in { $taken }.
started-failed = ⌛ <@{ $user }> did not finish **{ $task }** by { $deadline }.
started-deleted = 🗑️ This time attack was deleted by whose it was.
started-given-up = 🏳️ <@{ $user }> gave up on **{ $task }** after { $taken }.
completed = ✅ Well done! You completed **{ $task }** in { $taken }.
complete-which = Which one did you complete?
extended = ⏰ <@{ $user }> extended **{ $task }** by { $by }.
    The deadline is now { $relative } ({ $time }).
extensions-used = Extensions: { $used } of { $limit } used
extend-done = ⏰ You extended **{ $task }** by { $by }.
extend-which = Which one needs more time?
giveup-which = Which one do you want to give up?
giveup-question = Do you really want to give up **{ $task }**? Its deadline is { $relative }, and everybody is told that you gave up.
giveup-done = 🏳️ You gave up on **{ $task }**. Better luck next time!
undo-until = A slip? You can take it back until { $until }.
button-undo = Undo
undone = ↩️ Taken back: **{ $task }** is running again. It ends { $relative }.
undone-too-late = ↩️ Taken back: but the deadline of **{ $task }** has passed meanwhile, so it counts as missed.
reminders-on = ⏰ You will be reminded of your deadlines on this server.
reminders-off = 🔕 You won't be reminded of your deadlines on this server any more. `/timeattack reminders on:True` brings the reminders back.
giveup-kept = 💪 Good, keep going!
which-placeholder = Choose a time attack
time-left = { $left } left
status-title = { $count ->
    [0] <@{ $user }> has no time attack running.
    [one] <@{ $user }> has one time attack running.
   *[other] <@{ $user }> has { $count } time attacks running.
}
status-running = Running
status-newest = Latest results
history-title = Time attacks of <@{ $user }> (page { $page } of { $pages })
history-empty = <@{ $user }> has not finished a time attack yet.
history-completed = done in { $taken } of { $limit }
history-failed = failed, { $limit } set
history-cancelled = given up after { $taken } of { $limit }
button-complete = Complete
button-extend = +{ $by }
button-giveup = Give up
button-keep = Keep going
form-title = New time attack
form-task = What are you going to do?
form-limit = How long, or until when?
form-limit-example = 30m, 1h 30m, until 18:00, tomorrow 9am
form-written = You wrote: { $task } · { $limit }
day-today = today
day-tomorrow = tomorrow
hint-past = { $at } has passed; choose a time to come

# Settings.

setup-saved = ✅ Saved. These settings are now in force.
setup-title = Settings
setup-none = none
setup-default = the original
setup-where-started = where the time attack was started
setup-results = **Results:** { $value }
setup-alerts = **Alerts:** { $value }
setup-fallback = **Fallback:** { $value }
setup-timezone = **Time zone:** { $value }
setup-language = **Language:** { $value }
setup-quiet-hours = **Quiet hours:** { $value }
setup-reminders = **Reminders:** { $value }
setup-running = **At once, per member:** { $value }
setup-longest = **Longest time limit:** { $value }
setup-extensions = **Extensions, per time attack:** { $value }
setup-success = **Success post:** { $value }
setup-failure = **Failure post:** { $value }
preview-title = This is how the posts will look. Nothing is saved until you press “Save”.
preview-success = Success
preview-failure = Failure
preview-task = Solve 3 algorithm problems
preview-cancelled = Nothing was changed.
button-save = Save
button-cancel = Cancel
check-title = Check
check-ok = ✅ { $channel }: all permissions are there
check-missing = ❌ { $channel }: please give me { $missing }
check-unseen = ❌ { $channel }: I can't look at this channel. Give me “View Channel”, or choose another channel. ({ $why })
check-post = 🔧 This is a test message: results can be posted here.
check-posted = ✅ The test message is in { $channel }
check-waiting = ⏳ The test message to { $channel } is not through yet; I keep trying
check-refused = ❌ The test message to { $channel } was refused ({ $why })
permission-view = “View Channel”
permission-send = “Send Messages”
permission-threads = “Send Messages in Threads”
permission-embed = “Embed Links”
permission-history = “Read Message History”

# Direct messages.

consent-notice = Direct messages: my results and reminders, and the server's announcements
consent-ads = Advertising by direct message
consent-night = At night, too (21:00–08:00, or the server's quiet hours)
consent-result = 📄 **{ $sender }** · { $date }
    Your decision about direct messages was recorded, and is in force:
    { $facts }
    You can change it at any time with `/dm allow` and `/dm stop` on the server.
consent-renewal = 📄 **{ $sender }** · You allowed this on { $date }:
    { $facts }
    If that is still right, press “Keep it”, or do nothing. To withdraw it, press “Stop these messages”, or use `/dm stop` on the server. Both are free.
dm-stop-button = Stop these messages
dm-keep-button = Keep it
dm-digest = 📬 { $count } messages arrived while it was quiet:
dm-failed = 😢 The time for **{ $task }** was over at <t:{ $deadline }:f> (<#{ $channel }>). Start again with `/timeattack start`!
dm-completed = 🎉 You completed **{ $task }** in { $taken } (<#{ $channel }>).
dm-given-up = 🏳️ You gave up on **{ $task }** after { $taken } (<#{ $channel }>).
dm-reminder = ⏰ **{ $task }** must be done <t:{ $deadline }:R> (<t:{ $deadline }:T>, <#{ $channel }>).
this-server = this server
dm-recorded = 📄 **{ $sender }** · { $at }
    Recorded, and in force from now on:
    { $facts }
dm-unchanged = Nothing was changed.
dm-is-on = You get direct messages from this server. `/dm stop`, or the button below each of them, ends that at once.
dm-is-off = You get no direct messages from this server. To get them, use `/dm allow`.
dm-offer = 📬 Shall I tell you by direct message how it went? ({ $what })
    You can stop them at any time, free of charge, with `/dm stop`.
dm-offer-yes = Yes, please
dm-offer-no = No, thanks
dm-status = 📬 Direct messages from this server
dm-status-on = ✅ { $what } (since { $since })
dm-status-off = ▫️ { $what }: not allowed
dm-status-zone = 🕗 Your nights go by { $zone }.
dm-status-waiting = { $count ->
    [one] One message waits
   *[other] { $count } messages wait
} for your morning.
dm-status-closed = ⚠️ Discord has refused my messages to you since { $since }. Allow direct messages in the server's privacy settings, then use `/dm allow`.

# Announcements.

announce-kind-notice = News
announce-kind-ad = Advertising
announce-preview = This is how it will look. Nothing is sent until you confirm it.
announce-now = { $count ->
    [0] ▫️ Nobody gets it now
    [one] 📨 **One** member gets it now
   *[other] 📨 **{ $count }** members get it now
}
announce-morning = { $count ->
    [one] 🌙 **One** member gets it
   *[other] 🌙 **{ $count }** members get it
} when their night is over, from { $at } on
announce-no-ads = { $count ->
    [one] ▫️ One allows messages, but no advertising
   *[other] ▫️ { $count } allow messages, but no advertising
}
announce-closed = { $count ->
    [one] ▫️ One has closed their direct messages
   *[other] ▫️ { $count } have closed their direct messages
}
announce-without-role = { $count ->
    [one] ▫️ One does not have the role
   *[other] ▫️ { $count } do not have the role
}
announce-refused = { $count ->
    [one] ▫️ One has stopped or declined direct messages
   *[other] ▫️ { $count } have stopped or declined direct messages
}
announce-send = Send it to { $count }
announce-stop = Stop it
announce-sending = 📣 The announcement is on its way.
announce-done = ✅ The announcement is done.
announce-cancelled = 🛑 The announcement was cancelled.
announce-sent = 📨 Sent: { $count }
announce-waiting = ⏳ Next: { $count }
announce-held = 🌙 Held until the morning: { $count }
announce-undelivered = ❌ Refused by Discord: { $count }
announce-withdrawn = ▫️ Dropped, as their readers allow it no more: { $count }
announce-stopped = 🛑 Not sent: { $count }
button-refresh = Refresh

# The queue and privacy.

queue-title = What waits to be sent
queue-empty = ✅ Nothing waits.
queue-lane-post = { $count ->
    [one] One post
   *[other] { $count } posts
}:
queue-lane-edit = { $count ->
    [one] One edit
   *[other] { $count } edits
}:
queue-lane-dm = { $count ->
    [one] One direct message
   *[other] { $count } direct messages
}:
queue-running = being sent
queue-next = next
queue-planned = planned, the first for { $at }
queue-quiet = held until { $time } { $zone }: no night consent
queue-opening = held until { $at }: Discord says that direct messages are opened too fast
queue-retry = tried again at { $at } ({ $why })
queue-parked-count = ⚠️ Given up: { $count }. See `/queue parked`.
queue-dropped-expired = ▫️ Dropped this week, as their time was over: { $count }
queue-dropped-not-allowed = ▫️ Dropped this week, as their readers allow it no more: { $count }
queue-dropped-cancelled = ▫️ Cancelled this week: { $count }
queue-parked-title = Given up
queue-parked-empty = ✅ Nothing was given up.
queue-parked-hint = `/queue retry` tries one again, `/queue discard` puts it away. Results and news that stay here are shown to their members at their next command.
queue-parked-dm = a direct message
queue-retried = 🔁 I'm trying it again. See `/queue status`.
queue-discarded = 🗑️ Put away.
privacy-exported = 📦 Everything I know about you on this server is in this file. Times are milliseconds since 1970, UTC.
privacy-delete-question = This is what I know about you on this server: { $attacks ->
    [one] **one** time attack
   *[other] **{ $attacks }** time attacks
}{ $running ->
    [0] {""}
    [one] , one of them running
   *[other] , { $running } of them running
}; { $messages ->
    [one] **one** message
   *[other] **{ $messages }** messages
} about you; { $decisions ->
    [one] **one** decision
   *[other] **{ $decisions }** decisions
} about direct messages.
    Shall I delete all of it? This can't be undone. What is running ends without a word, and direct messages stop. Messages that were posted in Discord stay there.
privacy-deleted = 🗑️ Done. I deleted { $attacks ->
    [one] one time attack
   *[other] { $attacks } time attacks
}, { $messages ->
    [one] one message
   *[other] { $messages } messages
} and { $decisions ->
    [one] one decision
   *[other] { $decisions } decisions
}. I know nothing about you on this server any more.
privacy-kept = 👍 Nothing was deleted.
button-delete-all = Delete everything

# Subscribers.

import-preview = This is what the file would do. Nothing has changed yet.
import-nothing = Nothing in this file can be imported, so nothing changes.
import-counts = 📇 **{ $good }** { $good ->
    [one] row
   *[other] rows
}: { $new } new, { $known } known already (what the file says replaces what was known)
import-consents = ✍️ { $count } with a consent to advertising
import-suppressed = 🔕 { $count } that nothing, or no advertising, is sent to; the import does not change that
import-faulty = ⚠️ { $count } { $count ->
    [one] row is
   *[other] rows are
} left out:
import-fault = line { $line }: { $what }
fault-fields = not as many fields as the header
fault-email = no address that mail can be sent to
fault-name = a name of more than 200 characters, or of several lines
fault-value = too much in “{ $column }” (500 characters at most)
fault-consent-incomplete = consent_at, consent_source and consent_wording must all be filled, or none
fault-consent-time = consent_at is no time in the past, such as 2026-01-31 or 2026-01-31 18:00
fault-repeated = this address stands in an earlier row
button-import = Import { $count }
import-done = ✅ Imported: { $added } new, { $replaced } replaced.
import-cancelled = 👍 Nothing was imported.
subscriber-added = ✅ { $email } is a subscriber now.
subscriber-changed = ✅ { $email } was a subscriber already; what you gave replaces what was known, and the rest stays.
subscriber-removed = 🗑️ { $email } was removed.
subscriber-suppressed = 🔕 { $email } was removed, and nothing is sent there any more, whoever imports it. `/subscriber add` lifts that again.
subscriber-is-none = ▫️ Not a subscriber (any more).
subscriber-named = **Name:** { $name } (since { $since })
subscriber-consent = ✍️ Agreed to advertising on { $at } ({ $source }): { $wording }
subscriber-without-consent = ▫️ No consent to advertising is recorded.
suppressed-all = 🔕 Nothing is sent there: { $reason } ({ $since })
suppressed-ads = 🔕 No advertising is sent there: { $reason } ({ $since })
suppressed-unsubscribed = they unsubscribed
suppressed-bounced = their server said that there is no such address
suppressed-complained = they reported a mail as spam
suppressed-by-hand = an admin said so
subscribers-none = There are no subscribers yet. Add them with `/subscriber add` or `/subscriber import`.
subscribers-title = 📇 { $count ->
    [one] One subscriber
   *[other] { $count } subscribers
}, { $suppressed } of them get nothing (page { $page } of { $pages })
subscribers-exported = 📇 All subscribers, and with why nothing is sent to some of them; `consents.csv` has every consent and refusal that was recorded. Times are UTC.

# Files of which one message does not take all.

files-in-messages = 📎 { $files } files, in { $messages } messages: this one and those below it.
files-part = 📎 Message { $part } of { $parts }.
files-missing = ⚠️ { $messages ->
    [one] One message with files
   *[other] { $messages } messages with files
} could not be sent. What came is not whole: please ask again.

# Help.

menu-start-with = Start a time attack with this
help-title = What you can do here
help-title-managers = For those who manage this server
help-menu = On any message: *Apps* → **Start a time attack with this**
help-more = -# `/help command:` tells more about each of them.
help-option = **{ $name }** — { $about }
help-option-optional = **{ $name }** (optional) — { $about }
help-needs-manager = -# You need the “Manage Server” permission.
help-timeattack-start = Leave an option out, and a form asks for it. If you don't finish by the deadline, everybody sees it. Example: `/timeattack start task:Read 20 pages limit:45m`
help-timeattack-complete = What counts is when you press, not when I come to it. Without `attack` it is the one that you run; a slip can be taken back for 30 seconds.
help-timeattack-status = Shows what is running and the latest results, to you alone.
help-timeattack-giveup = Asks you first. A slip can be taken back for 30 seconds.
help-timeattack-extend = As often as the server allows (`/setup limits`). Example: `/timeattack extend by:10m`
help-timeattack-history = Shows every time attack that has ended, to you alone, page by page.
help-timeattack-leaderboard = Everybody in the channel sees it. Most completed comes first, then the better rate, then who got there first. Days are the server's, and a week begins on Monday. Example: `/timeattack leaderboard period:This month`
help-timeattack-stats = Everybody in the channel sees it: half a year of days, the success rate, streaks. Deadlines that passed while I was away count for nothing, and such a day breaks no streak.
help-timeattack-reminders = Reminders come in the channel where you started, and to those who allow direct messages there. At night they make no sound.
help-dm-allow = Nothing is sent to you unasked. A button below every message stops them all. Example: `/dm allow night:False`
help-dm-stop = Takes effect at once, also on what waits already.
help-dm-status = Shows what you allowed and when, and how many messages wait for your morning.
help-privacy-export = One JSON file, which only you see.
help-privacy-delete = Asks you first and shows how much it is. It can't be undone, and what runs ends without a word.
help-help = Without `command` it shows all commands; press one to use it.
help-announce = Only those who allowed direct messages get it, and not at night. You see it, and how many get it, before anything is sent.
help-queue-status = By kind of message, with the reason and the time when they go out.
help-queue-parked = What no channel and nobody took, with the number that `retry` and `discard` want.
help-queue-retry = Waits again as if it were new.
help-queue-discard = It is put away for good.
help-correct = Only what has ended can be corrected. Everybody is told, with the reason, and the history shows who did it. Example: `/correct attack:… verdict:completed reason:The proof came by mail`
help-setup-channels = Results go to the channel of the start if you choose none. Check the permissions with `/setup check`.
help-setup-locale = Days, quiet hours and times go by this zone. Example: `/setup locale timezone:Asia/Seoul language:English`
help-setup-limits = What you leave out stays as it is. Example: `/setup limits running:3 longest:12h`
help-setup-quiet-hours = Results still come at their time, but without a sound; direct messages wait for the morning. Example: `/setup quiet-hours start:22:00 end:07:30`
help-setup-messages = Fields are {"{"}mention{"}"}, {"{"}name{"}"}, {"{"}task{"}"}, {"{"}date{"}"}, {"{"}deadline{"}"}, {"{"}limit{"}"}, {"{"}taken{"}"} and {"{"}left{"}"}. You see both before they are saved.
help-setup-reminders = At most five, by comma; those that make no sense for a short time attack are left out. Example: `/setup reminders at:50%, 10m, 1m`
help-setup-show = Shows all settings, also those that were never changed.
help-setup-check = Looks at each channel's permissions, and posts one test message.
help-subscriber-import = The first row names the columns: email, name, consent_at, consent_source, consent_wording; any other is an attribute that templates can use. UTF-8 or CP949. Nobody who unsubscribed comes back by an import.
help-subscriber-add = Example: `/subscriber add email:mina@example.com name:Mina attributes:city=Seoul`
help-subscriber-remove = With `suppress:True` the address gets nothing any more, whoever imports it.
help-subscriber-show = Attributes, consents, and why nothing is sent there if so.
help-subscriber-list = By address; 🔕 marks those who get nothing, or no advertising.
help-subscriber-export = With consents and reasons. Cells that a spreadsheet would take for formulas begin with an apostrophe.

# Days, streaks and leaderboards.

weekday = { $weekday ->
    [1] Mon
    [2] Tue
    [3] Wed
    [4] Thu
    [5] Fri
    [6] Sat
   *[7] Sun
}
month = { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
}
day-of-week = { $weekday } { $day } { $month }
day-of-year = { $weekday } { $day } { $month } { $year }
date = { $day } { $month } { $year }
day-count = { $count ->
    [one] 1 day
   *[other] { $count } days
}
streak-line = 🔥 Streak: **{ $current }** · longest: **{ $longest }**
book-title = Days of <@{ $user }> (page { $page } of { $pages })
book-counted = day { $streak } of the streak
book-passed-over = the bot was away for { $away } · passed over
book-open = the streak of { $streak } holds until midnight
book-today = nothing completed yet
book-broken = the streak ended at { $streak }
book-nothing = nothing completed
book-legend = ✅ completed · ❌ failed · 💤 failed while the bot was away (counts for nothing) · 🏳️ given up
button-by-day = By day
button-one-by-one = One by one
leaderboard-week = 🏆 Leaderboard: this week
leaderboard-month = 🏆 Leaderboard: this month
leaderboard-all = 🏆 Leaderboard: all days so far
leaderboard-days = { $from } – { $to } · { $zone } · { $members ->
    [one] one member
   *[other] { $members } members
}
leaderboard-line = { $rank } <@{ $user }> · **{ $completed }** completed · { $rate }% success · longest streak { $streak }
leaderboard-own = <@{ $user }> is **{ $rank }** of { $members }.
leaderboard-none = <@{ $user }> has completed nothing in these days yet.
leaderboard-empty = Nobody has completed a time attack in these days yet. Be the first: `/timeattack start`!
leaderboard-page = page { $page } of { $pages }
period-week = This week
period-month = This month
period-all = All days so far

# Corrections.

verdict-completed = completed
verdict-failed = failed
verdict-cancelled = cancelled
correct-done = ⚖️ Corrected: **{ $task }** of <@{ $user }> is { $to } now (it was { $from }). Everybody is told so.
correction-post = ⚖️ <@{ $user }>, a correction: **{ $task }** is { $to } (it was { $from }). Reason: { $reason }
correction-line = ⚖️ Corrected: { $to }. Reason: { $reason }
correction-alert = ⚖️ <@{ $by }> corrected **{ $task }** of <@{ $user }>: { $from } → { $to }. Reason: { $reason }
correction-alert-own = ⚖️ <@{ $by }> corrected a time attack of their own, **{ $task }**: { $from } → { $to }. Reason: { $reason }
history-corrected = ⚖️ corrected by <@{ $by }>: { $reason }
history-corrected-by-admin = ⚖️ corrected by an admin: { $reason }

# The picture of a record.

stats-title = 📊 Time attacks of <@{ $user }>
stats-subtitle = Time attacks · { $date }
stats-nobody = A member
stats-completed = Completed
stats-rate = Success rate
stats-current = Current streak
stats-longest = Longest streak
stats-usual = Usual length
stats-of = { $failed } failed · { $givenup } given up
stats-none = –
stats-less = Less
stats-more = More
stats-failed-only = failed only
stats-away = bot away
stats-empty = No time attack has ended yet. The first one starts with /timeattack start
stats-alt = Record of { $name }, { $date }. Completed: { $completed }. Failed: { $failed }. Given up: { $givenup }. Success rate: { $rate }. Current streak: { $current }. Longest streak: { $longest }. Usual length: { $usual }. In the last 26 weeks something was completed on { $daysdone }, deadlines were only missed on { $daysfailed }, and the bot was away on { $daysaway }.

## Templates of mails, and campaigns

error-mail-template-unknown = There is no template of this name. `/template list` shows those there are.
error-mail-no-sender = This bot cannot send mail yet: whoever hosts it must set `MAIL_FROM` to `Name <address@example.org>`.
error-campaign-unknown = There is no campaign of this name. `/campaign list` shows those there are.

## Pages of the HTTP server

page-nothing-here = There is nothing here
page-refused = This cannot be done
page-failed = This did not work
page-failed-more = Please try again in a few minutes. If it fails again, tell whoever hosts the bot this number: { $id }
page-server = Discord server

# Leaving the list, by the link in a mail.

unsubscribe-ask = Stop these mails?
unsubscribe-ads = No more advertising
unsubscribe-all = No mail at all from this server
unsubscribe-nothing-yet = Nothing changes until you press a button.
unsubscribe-is-test = This mail was a test. Its link changes nothing.
unsubscribe-tested = The link works
unsubscribe-done-ads = You get no more advertising
unsubscribe-done-all = You get no more mail
unsubscribe-result-ads = You have refused advertising. Advertising that was waiting to be sent to you is not sent either. Notices may still come.
unsubscribe-result-all = You are off the list. Mail that was waiting to be sent to you is not sent either.
unsubscribe-sender = Sender
unsubscribe-address = Your address
unsubscribe-date = Unsubscribed
unsubscribe-unknown = This link does not work
unsubscribe-unknown-more = It may be incomplete, or its mail is too old. Open the link in a newer mail, answer the mail, or ask the admins of the Discord server: they can take you off the list.
## Campaigns: `/campaign`

cmd-campaign = Mail to subscribers (needs Manage Server)
cmd-campaign-create = Make a campaign: a template, and whom it goes to. Nothing is sent yet
cmd-campaign-create-name = What to call it
cmd-campaign-create-template = The template of its mails
cmd-campaign-create-segment = Whom it goes to, such as gender = "Female" and joined >= 2026-01-01; empty: everybody
cmd-campaign-create-kind = News, or advertising (which is what it counts as if you don't say)
cmd-campaign-preview = See the mails of the first three recipients, and the first one as a file
cmd-campaign-preview-name = Which campaign
cmd-campaign-test = Send one mail of it to an address
cmd-campaign-test-name = Which campaign
cmd-campaign-test-email = To whom: any address
cmd-campaign-send = Check every recipient's mail, and send them after a click
cmd-campaign-send-name = Which campaign
cmd-campaign-schedule = Check every recipient's mail, and send them at a time
cmd-campaign-schedule-name = Which campaign
cmd-campaign-schedule-at = When, by the server's clock: tomorrow 9am, 2026-12-01 18:00, in 2h
cmd-campaign-pause = Send nothing more of a campaign for now
cmd-campaign-pause-name = Which campaign
cmd-campaign-resume = Go on with a campaign that was paused or stopped
cmd-campaign-resume-name = Which campaign
cmd-campaign-cancel = Send nothing more of a campaign at all
cmd-campaign-cancel-name = Which campaign
cmd-campaign-status = See how far a campaign is
cmd-campaign-status-name = Which campaign
cmd-campaign-list = Show all campaigns
cmd-campaign-report = See what became of a campaign, with a row per recipient
cmd-campaign-report-name = Which campaign
cmd-campaign-retry-failed = Send again what failed
cmd-campaign-retry-failed-name = Which campaign

error-campaign-name = A campaign's name has 1 to { $most } characters, on one line.
error-campaign-name-taken = There is a campaign of this name that has been sent or is about to be. Choose another name.
error-campaign-too-many = This server has { $most } campaigns, which is as many as it can have.
error-campaign-not-allowed = This server may not send mail. Whoever hosts this bot decides which servers may (`MAIL_GUILDS`): ask them.
error-campaign-nobody = Nobody would get it. Left out: { $segment } by the segment, { $suppressed } who unsubscribed or can't be reached, { $noconsent } without a consent to advertising. Choose another segment, or import subscribers.
error-campaign-recipient = Nothing was sent: the mail to { $address } can't be made. { $what }
error-campaign-begun = This campaign has begun already, or has its time: each is sent once. `/campaign status` shows how it stands. For another round make a new one; for another time, `/campaign cancel` it first.
error-campaign-not-sending = This campaign is not being sent. `/campaign status` shows how it stands.
error-campaign-not-paused = This campaign is neither paused nor stopped. `/campaign status` shows how it stands.
error-campaign-nothing-to-cancel = There is nothing to cancel: it was not confirmed, or is over.
error-campaign-not-begun = Nothing of this campaign was sent yet. `/campaign send` shows what would be.
error-campaign-cancelled = This campaign was cancelled: nothing more of it is sent. For another round make a new one.
error-campaign-nothing-failed = Nothing of this campaign failed.
error-campaign-forgotten = What the mails of this campaign were made of was removed { $days } days after its end, so that nothing personal is kept for longer than it is needed. For what failed, make a new campaign with `/campaign create`; `/campaign report` still says whom it is about.
error-campaign-test-suppressed = Nothing is sent to { $address }, not even a test. `/subscriber show` says why; choose another address.
error-campaign-too-many-tests = { $most } tests were sent in the last hour, which is the most. Try again later.

fault-mail-field = Nothing is known as “{ $field }” of this recipient. Add it by `/subscriber add` or an import, or give the template a default: {"`{{"} { $field } | default("…") {"}}`"}.
fault-mail-other = { $why }
fault-ad-mark-missing = The subject of advertising must begin with `(광고)`. Add it to the template's subject.
fault-ad-mark-brackets = The subject must begin with exactly `(광고)`: no other brackets or signs around the word.
fault-ad-mark-broken = The subject must begin with exactly `(광고)`: nothing between its letters.
fault-ad-mark-space = The subject must begin with `(광고)`: remove the space before it.
fault-ad-mark-late = The subject must begin with `(광고)`: remove what stands before it.
fault-ad-mark-twice = The subject has `(광고)` twice: once is what the law wants.
fault-ad-name = The body of advertising must say who sends it: the server's name, or the one that its mails come from.
fault-ad-contact = The body of advertising must say how to reach the sender: a mail address or a phone number.
fault-ad-link = The body of advertising must have a link to refuse it: {"`{{ unsubscribe_url }}`"}.
fault-ad-korean = The body of advertising must say 수신거부 where it can be refused.
fault-ad-english = The body of advertising must say “unsubscribe” where it can be refused.
fault-ad-paste = Paste this at the end of the template, with your name and contact:
    {"```html"}
    {"<p>보낸 곳: NAME · 문의: you@example.org<br>"}
    {"<a href=\"{{ unsubscribe_url }}\">무료 수신거부 / Unsubscribe</a></p>"}
    {"```"}
fault-segment-long = A segment has { $most } characters at most.
fault-segment-deep = Too much stands inside one another: { $most } levels of parentheses and `not` at most.
fault-segment-expected = At character { $at } of the segment: expected { $expected }, but there is “{ $found }”.
fault-segment-end = The segment ends at character { $at }, where it needs { $expected }.
fault-segment-unclosed = The quotation that begins at character { $at } of the segment does not end.
fault-segment-value = At character { $at } of the segment: “{ $found }” is neither a number nor a date. Texts stand in quotes: "Seoul"; dates are 2026-01-01.
fault-segment-field = No subscriber has an attribute called “{ $name }”. `/subscriber show` shows what they have.
fault-segment-field-nearest = No subscriber has an attribute called “{ $name }”. Did you mean “{ $nearest }”?
segment-expected-field = the name of an attribute
segment-expected-comparison = a comparison (`=`, `!=`, `<`, `<=`, `>`, `>=`, `contains`, `in`, `is empty`)
segment-expected-value = a value ("text" in quotes, a number, or a date such as 2026-01-01)
segment-expected-open = `(`
segment-expected-close = `)`
segment-expected-comma = `,` or `)`
segment-expected-empty = `empty` or `not empty`
segment-expected-end = `and`, `or`, or the end

campaign-created = 📝 The campaign **{ $name }** is made. Nothing is sent yet: look at it with `/campaign preview`, send yourself one with `/campaign test`, then `/campaign send`.
campaign-segment = 🔎 To whom: { $segment }
campaign-is-ad = ⚖️ It counts as advertising: it goes only to those whose consent is recorded, its subject begins with `(광고)`, and its body says who sends it, how to reach them and how to refuse.
campaign-audience = 👥 Recipients: **{ $count }**
campaign-left-out-segment = ▫️ Left out by the segment: { $count }
campaign-left-out-suppressed = 🔕 Left out, as they unsubscribed or can't be reached: { $count }
campaign-left-out-consent = 🔕 Left out, without a consent to advertising: { $count }
campaign-preview = ✉️ **{ $name }** looks like this. The file is the first mail, as it would be sent.
campaign-tested = ✉️ A test is on its way to { $email }.
campaigns-none = There are no campaigns yet. `/campaign create` makes one.
campaigns-title = { $count ->
    [one] **One** campaign
   *[other] **{ $count }** campaigns
} · page { $page } of { $pages }
campaign-kind-notice = 📰 News
campaign-kind-ad = 🏷️ Advertising
campaign-preflight = 📬 **{ $name }** is ready: every recipient's mail was made once, and none of them is sent yet.
campaign-schedule-at = ⏰ It begins at **{ $local }** ({ $zone }, UTC{ $offset }), { $left }.
campaign-schedule-dst = 🕐 The clocks change before then: the time is the one that they show afterwards.
campaign-warning-large = ⚠️ The largest mail has { $size } KB. Above 100 KB mails are slow to send, and some programs cut them short.
campaign-warning-nameless = ⚠️ { $count ->
    [one] One recipient has no name
   *[other] { $count } recipients have no name
}, and the template writes it.
campaign-warning-unsigned = ⚠️ Mails are not signed (DKIM), so many servers will take them for spam. Whoever hosts the bot can change it (`MAIL_DKIM_DOMAIN`).
campaign-warning-not-https = ⚠️ Links in mails are not `https`, so mail programs show no button to unsubscribe. Whoever hosts the bot can change it (`PUBLIC_URL`).
campaign-warning-no-way-out = ⚠️ The template has no {"`{{ unsubscribe_url }}`"}: who wants out may call it spam.
campaign-dropped = Nothing is sent.
button-campaign-send = Send it to all of them
button-campaign-schedule = Send it then
button-campaign-cancel = Cancel it
button-pause = Pause
button-resume = Resume
button-retry-failed = Only what failed
button-retry-all = Also what may have arrived

campaign-paused = ⏸️ **{ $name }** is paused: nothing more of it is sent until `/campaign resume`. What was on its way arrives.
campaign-resumed = ▶️ **{ $name }** goes on.
campaign-cancelled = 🛑 **{ $name }** is cancelled: nothing more of it is sent. What was sent stays sent.
campaign-called-off = 🛑 **{ $name }** is called off before any of it was sent. `/campaign send` or `/campaign schedule` takes it up again.
campaign-is-new = 📝 **{ $name }** was not sent yet. `/campaign send` shows what would be.
campaign-is-scheduled = ⏰ **{ $name }** begins { $at } ({ $left }).
campaign-is-freezing = 📋 **{ $name }** is being prepared: { $count } recipients so far. Nothing is sent before all of them are ready.
campaign-is-sending = 📤 **{ $name }** is being sent.
campaign-is-paused = ⏸️ **{ $name }** is paused.
campaign-is-stopped = ⛔ **{ $name }** was stopped, as the mail server refuses the mails themselves: { $why } Once that is put right, resume it.
campaign-is-done = ✅ **{ $name }** is done.
campaign-is-cancelled = 🛑 **{ $name }** was cancelled.
campaign-is-failed = ⚠️ **{ $name }** could not begin, and nothing of it was sent. { $why }
campaign-pace = ⚡ { $rate } a second, about { $left } left
campaign-sent = ✅ Delivered: { $count }
campaign-waiting = ⏳ Waiting: { $count }
campaign-deferred = 🕐 Put off by their servers, tried again later: { $count }
campaign-failed = ❌ Failed: { $count }
campaign-unknown = ❔ May have arrived (cut off at the last moment): { $count }
campaign-withheld = 🔕 Left out after all: { $count }
campaign-rests-unreachable = 💤 The mail server can't be reached; tried again at { $until }.
campaign-rests-throttled = 💤 The mail server wants it slower; it goes on at { $until }.
campaign-rests-daily = 💤 The day's mails are used up; it goes on at { $until }.
campaign-told-done = 📬 The campaign **{ $name }** is done: { $sent } delivered, { $failed } failed, { $unknown } may have arrived, { $withheld } left out. `/campaign report` has the rest.
campaign-told-stopped = ⛔ The campaign **{ $name }** was stopped: the mail server refuses the mails themselves. `/campaign status` says why; `/campaign resume` goes on.
campaign-told-failed = ⚠️ The campaign **{ $name }** could not begin, and nothing of it was sent. `/campaign status` says why.

campaign-report = 📊 The report. The file has a row per recipient, with the reason where it did not arrive.
campaign-report-time = 🕐 Began { $began }, took { $took }
campaign-report-retry = 🔁 `/campaign retry-failed` tries again.
campaign-retry = 🔁 { $failed } failed. { $unknown } may have arrived. What should be sent again?
campaign-retry-unknown = Whoever got it already would get it **twice** by the second button.
campaign-chart-delivered = Delivered
campaign-chart-failed = Failed
campaign-chart-unknown = May have arrived
campaign-chart-lost = Failed, or not known
campaign-chart-left-out = Left out
campaign-chart-waiting = Waiting
campaign-chart-took = Took
campaign-chart-deferred = Put off
campaign-chart-nameless = A campaign
campaign-chart-subtitle = Campaign · { $began }
campaign-chart-empty = Nothing has been sent yet.
campaign-chart-unit = Mails in { $step }
campaign-chart-alt = Report of the campaign { $name }. Delivered: { $delivered }. Failed: { $failed }. May have arrived: { $unknown }. Left out: { $leftout }. Waiting: { $waiting }. It took { $took }.
## What can be wrong with a template of mails

error-mail-template-name = A template's name has 1 to { $most } characters, on one line.
error-mail-template-in-use = The campaign **{ $campaign }** uses this template and is not over. Delete the template after it, or cancel the campaign.
error-mail-template-too-many = This server has { $most } templates already, which is the most. Delete one with `/template delete`.
error-mail-subject-length = A subject has 1 to { $most } characters, on one line, its fields included.
error-mail-html-large = The HTML is larger than { $most } KiB. Pictures belong into the options `image1` to `image5`, not into the HTML.
error-mail-html-encoding = This file is no text in UTF-8. Save the mail's HTML as UTF-8 and upload it again.
error-mail-html-empty = There is nothing in this file. Upload the HTML of the mail as `body`.
error-mail-html-line = Line { $line } of the HTML: { $what }
error-mail-tag-subject = The subject: { $what }
error-mail-tag-text = The text part, which is made of the HTML: { $what }
error-mail-image = The picture “{ $file }”: { $what }
error-mail-images-large = The pictures are larger than { $most } MiB together. Make them smaller: every mail carries them all.
error-mail-missing-field = The field “{ $field }” is not known of this recipient. Add it with `/subscriber add` or an import, or give the template a default: {"`{{"} { $field } | default("…") {"}}`"}.
error-mail-subject-broken = With this recipient's fields the subject is empty, or has a line break or a control character in it. Correct the field that the subject uses.
error-mail-endless = The template does far more than a mail can need. Look at its loops ({"`{%"} for {"%}`"}).
error-mail-merged-large = With its fields filled in, the mail is larger than { $most } KiB. Look at the template's loops.
markup-fault-script = no mail program runs scripts, and most take such a mail for dangerous. Remove `<script>`, attributes such as `onclick` and links with `javascript:`.
markup-fault-outside-style = no mail program fetches style sheets. Put the styles into a `<style>` element instead of `<link>` or `@import`.
markup-fault-unquoted = a field stands where its value could become HTML. Put attributes into quotes, as in {"`href=\"{{ unsubscribe_url }}\"`"}, and no field right after a `<`.
markup-fault-deep = more than { $most } elements stand inside one another. Close those that are done.
markup-fault-many = these are more than { $most } elements, which no mail needs.
markup-fault-style = the styles cannot be read. Look for a missing brace in `<style>`.
tag-fault-endless = a tag begins here and does not end. Close it with {"`}}`"}, {"`%}`"} or {"`#}`"}.
tag-fault-long = this tag is longer than { $most } characters.
tag-fault-statement = there is no { $given } in mails. There are `if`, `for`, `with` and `set name = …`.
tag-fault-unclosed = { $given } begins here and does not end. Its end is { $end }.
tag-fault-unopened = { $given } stands here without its beginning.
tag-fault-name = there is no { $given } here. There are { $there }.
tag-fault-sign = { $given } is not used here in mails. Write fields one after the other instead of joining them, and only texts and numbers into lists.
tag-fault-image = there is no picture { $given }. There are { $there }. Write {"`{{"} image("name") {"}}`"}.
tag-fault-image-none = there is no picture { $given }: none was uploaded. Add them as `image1` to `image5`.
tag-fault-subject = the subject cannot be used inside itself.
tag-fault-syntax = this tag cannot be read ({ $why }).
tag-fault-merge = this cannot be filled in ({ $why }).
image-fault-kind = this is no picture that mail programs show. They show PNG, JPEG, GIF and WebP.
image-fault-other-kind = this is { $is }, and its name says otherwise. Rename it.
image-fault-large = it is larger than { $most } MiB. Make it smaller: every mail carries it.
image-fault-name = the file's name cannot be a picture's name. Name it with letters from a to z, digits, `-` and `_`, such as `logo.png`.
image-fault-repeated = another picture has the same name. Rename one of them.

## /template

template-saved = 💌 The template **{ $name }** is saved. See it with `/template preview`.
template-replaced = 💌 The template **{ $name }** was replaced. Campaigns that are being sent keep what they took.
template-fields = **Fields:** { $fields }
template-without-fields = It uses no fields: everybody gets the same.
template-warning-remote-images = ⚠️ { $count ->
    [one] One picture is fetched from elsewhere
   *[other] { $count } pictures are fetched from elsewhere
}, which most mail programs do only when asked. Upload them as `image1` to `image5` instead.
template-warning-form = ⚠️ Most mail programs do not send forms. Put a link to a page with the form.
template-warning-ignored = ⚠️ Most mail programs leave out `<{ $element }>`.
template-warning-unused-image = ⚠️ The picture `{ $name }` goes with every mail and is shown in none. Write {"`{{"} image("{ $name }") {"}}`"} into the `src` of an `<img>`.
template-warning-clipped = ⚠️ The HTML has { $size } KB. Gmail cuts it off after 102 KB, and with it what stands at the end.
template-warning-no-unsubscribe = ⚠️ There is no {"`{{ unsubscribe_url }}`"}. Advertising cannot be sent without it.
templates-none = There are no templates yet. `/template save` makes one.
templates-title = 💌 { $count ->
    [one] One template
   *[other] { $count } templates
}
template-line = **{ $name }** · { $subject }{ $images ->
    [0] {""}
    [one] {" "}· 1 picture
   *[other] {" "}· { $images } pictures
} · { $at }
template-subject = **Subject:** { $subject }
template-size = **HTML:** { $size } KB
template-images = **Pictures:** { $names }
template-saved-by = Saved by <@{ $author }>, { $at }
template-saved-at = Saved { $at }
template-preview = 👀 This is what would be sent. The file is the mail itself: open it with a mail program.
template-preview-facts = To { $address } · { $size } KB · { $images ->
    [0] no pictures
    [one] 1 picture
   *[other] { $images } pictures
}
template-sample-name = Name
template-deleted = 🗑️ The template **{ $name }** is deleted. Campaigns that were sent keep theirs.
cmd-template = What mails say
cmd-template-save = Save a template, or replace one
cmd-template-save-name = What it is called; one of this name is replaced
cmd-template-save-subject = The subject; may have fields, such as {"{{ name }}"}
cmd-template-save-body = The mail as an HTML file (UTF-8)
cmd-template-save-image1 = A picture: logo.png is image("logo") in the HTML
cmd-template-save-image2 = Another picture
cmd-template-save-image3 = Another picture
cmd-template-save-image4 = Another picture
cmd-template-save-image5 = Another picture
cmd-template-list = Show all templates
cmd-template-show = Show one, with its HTML
cmd-template-show-name = Which one
cmd-template-preview = See the mail that somebody would get; nothing is sent
cmd-template-preview-name = Which one
cmd-template-preview-email = Whose mail; the first subscriber's if you leave it out
cmd-template-delete = Delete one
cmd-template-delete-name = Which one
help-group-setup = This server
help-group-queue = What waits to be sent
help-group-subscriber = Whom mail goes to
help-group-template = What mails say
help-group-campaign = Mail to subscribers
help-campaign-create = A segment is made of attributes: {"`city = \"Seoul\" and joined >= 2026-01-01`"}, with `or`, `not`, `in (…)`, `contains`, `is empty` and parentheses. Advertising needs each reader's consent, and (광고) in the subject.
help-campaign-preview = The file has the bytes that would be sent.
help-campaign-test = As it would arrive, with what is known of that subscriber, or of the first one. Its unsubscribe link changes nothing.
help-campaign-send = Every mail is made once before you are asked, and nothing is sent if one of them can't be. You see how many get it, who is left out and why.
help-campaign-schedule = Checked now and confirmed by you; it begins at its time, or as soon as I am back if I was away. Example: `/campaign schedule name:News at:tomorrow 9am`
help-campaign-pause = Takes effect within two seconds. What is on its way arrives.
help-campaign-resume = Also after a mail server refused the mail or its sender, and the reason is gone.
help-campaign-cancel = What is being sent can't be taken up again, and what is on its way arrives. One that only waits for its time can be given another.
help-campaign-status = The bar moves by itself for a quarter of an hour.
help-campaign-list = The newest first.
help-campaign-report = A picture, and a CSV file with what became of each mail and why.
help-campaign-retry-failed = Asks you first. Mails that may have arrived are sent again only if you say so: some people would get them twice.
help-template-save = Fields are {"`{{ name }}`"}, {"`{{ email }}`"}, {"`{{ unsubscribe_url }}`"}, every attribute, and pictures as {"`{{ image(\"logo\") }}`"}. `<style>` is put into the elements, and a text part is made. Scripts are refused.
help-template-list = By name, with the subject.
help-template-show = Subject, size, pictures and fields, and the HTML as it was uploaded.
help-template-preview = Subject, first lines and size, and the mail as an `.eml` file with the bytes that would be sent.
help-template-delete = A campaign that was sent keeps what it took.

## Review of mails

markup-fault-field-in-style = a field cannot stand inside a style: its value could say more than it is for. Choose between styles with {"`{% if %}`"} instead.
campaign-told-limited = ⏸️ The campaign **{ $name }** waits: the mails of this day are used up. It goes on by itself { $until }.
campaign-told-away = ⏸️ The campaign **{ $name }** waits: the mail server cannot be reached. It goes on by itself once the server is back.

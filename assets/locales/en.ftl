# What people read, in English. The same keys and variables as in ko.ftl; the tests compare them.

## Descriptions of the slash commands and their options: at most 100 characters each.
## The key is the command's name, then the option's.

cmd-timeattack = Hold yourself to a deadline
cmd-timeattack-start = Start a time attack: a task and the time you give yourself
cmd-timeattack-start-task = What you are going to do
cmd-timeattack-start-limit = How long, or until when: 30m, 1h 30m, until 18:00, tomorrow 9am
cmd-timeattack-complete = Complete a time attack of yours
cmd-timeattack-complete-attack = Which one, if you run several
cmd-timeattack-complete-proof = A picture or file of up to 8 MB that shows it is done
cmd-timeattack-status = Show the time attacks that are running
cmd-timeattack-status-member = Member (default: you)
cmd-timeattack-giveup = Give up a time attack of yours
cmd-timeattack-giveup-attack = Which one, if you run several
cmd-timeattack-extend = Give a time attack of yours more time
cmd-timeattack-extend-by = How much more: 10m, 1h
cmd-timeattack-extend-attack = Which one, if you run several
cmd-timeattack-history = Show past time attacks and how they ended
cmd-timeattack-history-member = Member (default: you)
cmd-timeattack-leaderboard = Show who completed most
cmd-timeattack-leaderboard-period = Period (default: this week)
cmd-timeattack-stats = Show a picture of what somebody has achieved
cmd-timeattack-stats-member = Member (default: you)
cmd-timeattack-reminders = Turn your deadline reminders on this server on or off
cmd-timeattack-reminders-on = Whether you want them
cmd-setup = Settings of this server (needs Manage Server)
cmd-setup-channels = Choose where results and alerts are posted
cmd-setup-channels-results = Where results are posted
cmd-setup-channels-alerts = Where the bot reports what it couldn't deliver
cmd-setup-channels-fallback = Where results go when the results channel can't be used
cmd-setup-channels-clear = A channel to stop using
cmd-setup-locale = Choose the server's time zone and language
cmd-setup-locale-timezone = A city, country or offset, such as Seoul, Korea or UTC+9
cmd-setup-locale-language = The language of public posts
cmd-setup-quiet-hours = Choose when results are posted without a sound
cmd-setup-quiet-hours-start = First minute of the quiet hours, as HH:MM
cmd-setup-quiet-hours-end = End of the quiet hours, as HH:MM
cmd-setup-quiet-hours-off = No quiet hours
cmd-setup-limits = Choose how much members may start
cmd-setup-limits-running = Time attacks that a member may run at once
cmd-setup-limits-longest = The longest time limit: 12h, 30d
cmd-setup-limits-extensions = How often one time attack may be extended
cmd-setup-messages = Choose the wording of the result posts
cmd-setup-messages-style = Style of both posts: the Korean original, gentle, or just the facts
cmd-setup-messages-success = The post when one is completed; “default” restores the default text
cmd-setup-messages-failure = The post when one fails; “default” restores the default text
cmd-setup-reminders = Choose when members are reminded of a deadline
cmd-setup-reminders-at = Percentages of the time limit or times before the deadline, separated by commas: 50%, 10m, 1m
cmd-setup-reminders-off = No reminders
cmd-setup-show = Show this server's settings
cmd-setup-check = Check that the bot has the permissions it needs
cmd-dm = Choose which direct messages you get from this server
cmd-timezone = Show or set your own time zone
cmd-timezone-zone = A city, country or offset: Seoul, Korea, UTC+9; or “server” for the server's
cmd-dm-allow = Get DMs from this server: your results, reminders and announcements
cmd-dm-allow-night = At night, too (21:00–08:00, or the server's quiet hours)
cmd-dm-allow-ads = Advertising by direct message
cmd-dm-stop = Stop all direct messages from this server, at once and free of charge
cmd-dm-status = Show which DMs you allowed, and which messages are waiting
cmd-privacy = What the bot stores about you
cmd-privacy-export = Get everything that is stored about you on this server as a file
cmd-privacy-delete = Delete everything that is stored about you on this server
cmd-help = Show what can be done here, or how one command is used
cmd-help-command = Which command
cmd-announce = Send a DM to every member who allowed DMs (needs Manage Server)
cmd-announce-body = The text; \n starts a new line. You see a preview before anything is sent
cmd-announce-kind = Server news, or advertising
cmd-announce-role = Only members with this role
cmd-queue = Messages waiting to be sent (needs Manage Server)
cmd-queue-status = Show which messages are waiting, why, and until when
cmd-queue-parked = Show undelivered messages and the reasons
cmd-queue-retry = Send an undelivered message again
cmd-queue-retry-id = Its number in /queue parked
cmd-queue-discard = Dismiss an undelivered message: it isn't sent again
cmd-queue-discard-id = Its number in /queue parked
cmd-subscriber = Email subscribers (needs Manage Server)
cmd-subscriber-import = Import subscribers from a CSV file; you see the changes first
cmd-subscriber-import-file = CSV with a header: email, name, and any column you like; 100,000 rows and 20 MB at most
cmd-subscriber-add = Add a subscriber, or change one
cmd-subscriber-add-email = Their address
cmd-subscriber-add-name = Their name
cmd-subscriber-add-attributes = Other attributes: city=Seoul, joined=2026-01-01
cmd-subscriber-add-consent_source = Where they agreed to advertising: a form, an event
cmd-subscriber-add-consent_wording = The wording they agreed to
cmd-subscriber-remove = Remove a subscriber
cmd-subscriber-remove-email = Their address
cmd-subscriber-remove-suppress = Also never email this address again, even if it is imported
cmd-subscriber-show = Show what is stored about a subscriber
cmd-subscriber-show-email = Their address
cmd-subscriber-list = Show all subscribers, page by page
cmd-subscriber-export = Get all subscribers as a CSV file
cmd-correct = Correct how a time attack ended (needs Manage Server)
cmd-correct-attack = Which one: type a member or a task
cmd-correct-verdict = The correct result
cmd-correct-reason = The reason; everybody can read it

## Answers in Discord

# What cannot be done: what is wrong, and what to do instead.

error-internal = Something went wrong on my side, sorry. Please try again in a moment. If it happens again, tell the bot's operator this code: { $id }
error-task-length = { $length ->
    [0] Please write what you are going to do.
   *[other] The task has { $length } characters; please keep it to 200.
}
error-limit = The time limit must be between 1 second and { $longest } on this server.
error-too-many = You already have { $running ->
    [one] one time attack
   *[other] { $running } time attacks
} running, the most this server allows at once. Complete one or give one up first.
error-too-many-in-guild = { $limit } time attacks are running on this server, the most it can have at once. Please try again when some of them have ended.
error-unknown-attack = I can't find that time attack here. Choose one from the list that appears as you type.
error-nothing-running = You have no time attack running. Start one with `/timeattack start`.
error-not-yours = That time attack belongs to somebody else. You can only change your own.
error-asked-somebody-else = This question was for somebody else, so nothing was changed. Run the command yourself to get your own.
error-already-ended = That time attack has already ended. See `/timeattack history`.
error-too-late = Too late: the deadline was <t:{ $deadline }:T>. Start again with `/timeattack start`!
error-nothing-to-undo = Nothing to undo: this time attack wasn't completed or given up.
error-undo-too-late = Too late: you can undo only within { $seconds } seconds.
error-was-corrected = An admin corrected this result, so it can't be undone.
error-not-kept = This time attack is no longer stored. Start a new one with `/timeattack start`.
error-duration-unknown = I don't understand “{ $rest }”. Write a length of time, such as 30m, 1h 30m or 2 days.
error-duration-unfinished = Write a length of time, such as 30m, 1h 30m or 2 days.
error-undone-too-often = You already undid this { $most } times, so it now stays as it is.
error-too-many-reminders = Too many: at most { $most } reminders, separated by commas, such as 50%, 10m, 1m.
error-reminder-out-of-bounds = A reminder can come between 1 second and { $earliest } before the deadline.
error-share = “{ $given }” isn't a percentage. Write something between 1% and 99%.
error-reminders-incomplete = Give either `at` (such as 50%, 10m, 1m) or `off: True`, not both.
error-import-under-way = An import is running, and the list can't change until it is done. Please try again in a minute.
error-campaign-begins = A campaign is collecting its recipients, so I can't import a second file yet. Please try again in a minute.
error-file-under-way = I am making files for somebody on this server. Please try again in a minute or two.
error-files-under-way = I am making files for other servers. Please try again in a minute or two.
error-goes-on-later = I am restarting. I have started what you asked for and will finish it after the restart.
error-announcement-under-way = An announcement of yours is being sent, and it names you as the contact. Please wait until it is done, or stop it, and try again.
error-email-address = “{ $given }” isn't a valid email address. Write it like name@example.com.
error-subscriber-name = A name has at most { $most } characters, on one line.
error-attribute = I can't read “{ $given }”. Write attributes as name=value, separated by commas, such as city=Seoul. A name begins with a letter; email, name, subject, image and unsubscribe_url are reserved.
error-too-many-attributes = A subscriber can have at most { $most } attributes.
error-consent-incomplete = For a consent, give both where they agreed and the wording, at most 500 characters each.
error-too-many-subscribers = That would be more than { $most } subscribers, the most a server can have.
error-unknown-subscriber = There is no subscriber with this address. Choose one from the list that appears as you type.
error-no-subscribers = There are no subscribers yet. Add them with `/subscriber add` or `/subscriber import`.
error-sheet-too-large = The file is too large: at most { $most } MB. Please split it.
error-sheet-too-long = The file has too many rows: at most { $most }. Please split it.
error-sheet-encoding = I can't read this file: it is neither UTF-8 nor CP949. Save it as “CSV UTF-8”.
error-sheet-empty = This file is empty. Its first row should name the columns: email, name, …
error-sheet-without-email = No column is named “email”. The first row should name the columns: email, name, …
error-sheet-column = “{ $given }” can't be the name of a column. A name begins with a letter and has only letters, digits and _, at most 40 in all.
error-sheet-column-twice = Two columns are named “{ $given }”. Please rename one.
error-file-unreadable = I couldn't download the file from Discord. Please try again in a moment.
error-unknown-command = There is no command “{ $given }”. Choose one from the list, or use `/help` alone to see them all.
error-no-extension = { $limit ->
    [0] Time attacks can't be extended on this server.
    [one] You already extended it once, the most this server allows.
   *[other] You already extended it { $limit } times, the most this server allows.
}
error-busy = I can't reach my database right now. Nothing was changed, and running time attacks go on. Please try again in a moment.
error-sheet-line = Line { $line } of the file has far too many columns. Save it as CSV with one row for each subscriber, and try again.
error-document-busy = I am reading too many files right now. Nothing was changed. Please try again in a minute.
error-document-slow = I stopped after { $seconds } seconds: it takes too long to read. Make it smaller or simpler (fewer rows, styles or loops), and try again.
error-document-stopping = I am restarting and couldn't finish this. Nothing was changed. Please try again in a minute.
error-document-defect = I couldn't read this file because of a bug in the bot. Nothing was changed. Please tell the bot's operator; until it is fixed, a simpler file may work.
error-only-in-servers = This works only in a server. Please use it in a channel of your server.
error-needs-manage-server = You need the “Manage Server” permission for this. Please ask an admin of the server.
error-unknown-zone = I don't know which time zone “{ $given }” is. Choose one from the list: it finds cities, countries and offsets, such as Seoul, Korea or UTC+9.
error-may-not-write-here = You can't write in this channel, so I can't post for you here. Use a channel in which you can write.
error-time-of-day = “{ $given }” isn't a valid time. Write it as HH:MM, such as 21:00.
error-quiet-hours-incomplete = Give both `start` and `end` (such as 21:00 and 08:00), or only `off: True`.
error-number = The number must be between { $lowest } and { $highest }.
error-longest = The longest time limit must be between 1 second and { $highest }.
error-channel-not-here = I can't see <#{ $channel }> on this server. Choose a channel of this server, and give me “View Channel” there.
error-channel-takes-no-posts = I can't post directly in <#{ $channel }>: it is a forum, a media channel or a category. Choose a text, voice, stage or announcement channel, or a thread (in a forum: one of its posts).
error-set-and-cleared = You can't choose and clear the same channel at once. Leave out one of the two.
error-nothing-to-change = Nothing to change. Fill in at least one option.
error-outdated = This is too old or no longer valid. Please run the command again.
error-time-empty = Please write a time limit, such as 30m, 1h 30m or until 18:00.
error-time-too-long = That time limit is too long to read. Write something like 30m or tomorrow 9am.
error-time-bare-number = { $number } of what? Add a unit, such as { $number }m or { $number }h.
error-time-ambiguous-hour = { $hour ->
        [12] 12 at noon or at midnight? Write 12pm for noon or 12am for midnight.
       *[other] { $hour } in the morning or in the afternoon? Write { $hour }am or { $hour }pm.
    }
error-time-length-or-clock = “{ $given }” could be a length or a time of day. Write the length with units, or the time with am or pm.
error-time-before-or-to = “{ $given }” could mean that many minutes before the hour, or before that time. Write the time itself.
error-time-ambiguous-zone = “{ $given }” can mean more than one time zone then. Write the offset instead: { $offsets }.
error-time-several = “{ $given }” can mean more than one time. Write the one you mean.
error-time-readings = Did you mean: { $readings }
error-time-ambiguous-day = “{ $given }” is too vague. Add a time or an exact day, such as tomorrow 9am.
error-time-past = <t:{ $at }:f> has already passed. Choose a time in the future.
error-time-not-positive = The time limit must be at least 1 second.
error-time-too-far = That is too far away. Choose a nearer time.
error-time-not-local = { $given } doesn't exist, because the clocks go forward then. Choose another time.
error-time-unknown = I don't understand “{ $rest }”. Write something like 30m, 1h 30m, until 18:00 or tomorrow 9am.
error-time-unfinished = Something is missing there. Write something like 30m, 1h 30m, until 18:00 or tomorrow 9am.
error-template-unclosed = The template can't be used: the {"{"} at character { $at } is never closed. (Write {"{{"} for a brace itself.)
error-template-unopened = The template can't be used: the {"}"} at character { $at } was never opened. (Write {"}}"} for a brace itself.)
error-template-field = The template can't be used: there is no field “{ $field }” (character { $at }). The fields are mention, name, task, date, deadline, limit, taken and left.
error-template-long = The template is too long: at most { $most } characters with the longest task filled in.
error-template-empty = The template is empty. Write “default” to restore the default text.
error-body-length = The text must have between 1 and { $most } characters; it has { $length }.
error-ad-mark = Please leave out the mark “(광고)”: I add it myself, exactly as the law requires. For advertising choose the kind “Advertising”.
error-roles = Discord didn't tell me who has that role. Please try again in a moment.
error-too-many-for-role = More than { $most } members allow direct messages here, too many to check a role one by one. Please send the announcement to everyone.
error-unknown-message = I can't find that message here. Choose one from the list, or see `/queue parked`.
error-still-running = That time attack is still running. It can be corrected once it has ended.
error-same-verdict = That time attack is already { $verdict }, so there is nothing to correct.
error-reason-length = { $length ->
    [0] Please write why: everybody can read the reason.
   *[other] The reason has { $length } characters; please keep it to { $most }.
}

# Result posts.

success-template = 🎉 {"{"}mention{"}"} did it: **{"{"}task{"}"}**! It took {"{"}taken{"}"}, with {"{"}left{"}"} to spare.
success-streak = -# 🔥 { $days } days in a row
button-again = Again ({ $limit })
success-gentle = 🌱 Well done, {"{"}mention{"}"}! You completed **{"{"}task{"}"}** in {"{"}taken{"}"}, {"{"}left{"}"} before the deadline.
success-plain = ✅ {"{"}mention{"}"} completed **{"{"}task{"}"}** in {"{"}taken{"}"} (limit: {"{"}limit{"}"}).
failure-gentle = ⌛ {"{"}mention{"}"} ran out of time for **{"{"}task{"}"}** ({"{"}deadline{"}"}). It happens. You can start again any time.
failure-plain = ❌ {"{"}mention{"}"} did not complete **{"{"}task{"}"}** by {"{"}deadline{"}"} (limit: {"{"}limit{"}"}).
failure-origin = -# This card is the original of a Korean study group: “나약한 자식” teases you as a “weakling”.
taken-back = ↩️ <@{ $user }> undid that: **{ $task }** is running again.
reminder = ⏰ <@{ $user }>, **{ $task }** is due { $relative } ({ $time }).
reminder-half = ⏳ <@{ $user }>, you're halfway through **{ $task }**. It's due { $relative } ({ $time }).
reminder-moved = ⏰ <@{ $user }>, **{ $task }** is now due { $relative } ({ $time }).
reminder-completed = ⏰ <@{ $user }> completed **{ $task }** after this reminder.
reminder-failed = ⏰ <@{ $user }>, time ran out for **{ $task }**.
reminder-given-up = ⏰ <@{ $user }> gave up on **{ $task }** after this reminder.
digest-title-reminders = { $count ->
    [one] One deadline is near
   *[other] { $count } deadlines are near
}
verdict-late = ⏰ Posted late because the bot was offline. The deadline was <t:{ $deadline }:f>.
given-up = 🏳️ <@{ $user }> gave up on **{ $task }**.
proof-kept = 📎 { $name } will be posted with the result.
proof-too-large = 📎 Your file is larger than { $most } MB, so the result goes without it. You can post it in the channel yourself.
proof-unreadable = 📎 I couldn't download your file from Discord, so the result goes without it. You can post it in the channel yourself.
proof-not-allowed = 📎 You aren't allowed to post files in this channel, so the result goes without yours.
proof-no-room = 📎 Too many files are waiting to be posted, so the result goes without yours. You can post it in the channel yourself.
proof-gone = 📎 Your file is no longer stored, so the result goes without it. You can post it in the channel yourself.
proof-late = 📎 Proof from { $name }: **{ $task }**
file-not-taken = There is a file with this, but I can't post files in this channel.
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
kept-for-you = 📬 I couldn't post this in any channel, so here it is:
kept-for-you-direct = 📬 I couldn't send you this as a direct message, so here it is:

# Time attacks.

started = ⏱️ <@{ $user }> started **{ $task }**!
    The deadline is { $relative } ({ $time }).
started-result-there = 📣 The result will be posted in <#{ $channel }>.
started-result-nowhere = ⚠️ I can't post in <#{ $channel }>, so I will show the result only to you, at your next command. An admin can see why with `/setup check`.
started-again = ⏱️ You started **{ $task }** a moment ago, so I didn't start another one. It's due { $relative } ({ $time }).
started-completed = ✅ <@{ $user }> completed **{ $task }** at { $at }.
started-failed = ⌛ <@{ $user }> didn't complete **{ $task }** by { $deadline }.
started-deleted = 🗑️ This time attack was deleted by its owner.
started-given-up = 🏳️ <@{ $user }> gave up on **{ $task }** after { $taken }.
completed = ✅ Well done! You completed **{ $task }**.
complete-which = Which one did you complete?
extended = ⏰ <@{ $user }> extended **{ $task }** by { $by }.
    The deadline is now { $relative } ({ $time }).
extensions-used = Extensions: { $used } of { $limit } used
extend-done = ⏰ You extended **{ $task }** by { $by }.
extended-again = ⏰ You extended **{ $task }** by { $by } a moment ago: I count this as the same extension. It ends { $relative } ({ $time }).
extend-which = Which one needs more time?
giveup-which = Which one do you want to give up?
giveup-question = Do you really want to give up **{ $task }**? It's due { $relative }, and everybody will see that you gave up.
giveup-done = 🏳️ You gave up on **{ $task }**. Better luck next time!
undo-until = Pressed it by mistake? You can undo until { $until }.
button-undo = Undo
undone = ↩️ Undone: **{ $task }** is running again, due { $relative }.
undone-too-late = ↩️ Undone, but the deadline for **{ $task }** has passed in the meantime, so it counts as failed.
reminders-on = ⏰ You will be reminded of your deadlines on this server.
reminders-off = 🔕 You won't be reminded of your deadlines on this server any more. `/timeattack reminders on:True` turns them on again.
giveup-kept = 💪 Good, keep going!
which-placeholder = Choose a time attack
time-left = { $left } left
status-title = { $count ->
    [0] **{ $name }** has no time attack running.
    [one] **{ $name }** has one time attack running.
   *[other] **{ $name }** has { $count } time attacks running.
}
status-running = Running
status-newest = Latest results
history-empty = **{ $name }** has no past time attacks yet.
history-title = Time attacks of **{ $name }**{ $pages ->
    [1] {""}
   *[other] {" "}(page { $page } of { $pages })
}
history-completed = completed in { $taken } of { $limit }
history-failed = failed (limit { $limit })
history-cancelled = given up after { $taken } of { $limit }
button-complete = Complete
button-extend = +{ $by }
button-giveup = Give up
button-keep = Keep going
form-title = New time attack
form-task = What are you going to do?
form-limit = How long, or until when?
form-limit-example = 30m, 1h 30m, until 18:00, tomorrow 9am
button-fill-in-again = Fill it in again
day-today = today
day-tomorrow = tomorrow
hint-past = { $at } has passed; choose a time in the future

# The greeting when the bot joins a server.

greeting = 👋 **Hi! I help you keep the deadlines you set yourselves.** Say what you'll do and by when. Complete it in time and everybody sees it; fail, and everybody sees that, too.
greeting-ask = Admins can set three things right here:
greeting-results = 📌 **Results:** { $where }
greeting-zone = 🕒 **Time zone:** { $zone } ({ $offset })
greeting-zone-guessed = 🕒 **Time zone:** { $zone } ({ $offset }), guessed from the server's language. Dates and quiet hours use it.
greeting-zone-vague = 🕒 **Time zone:** { $zone } ({ $offset }). This is only a guess: the server's language is spoken in many time zones, so please choose yours. Dates and quiet hours use it.
greeting-language = 💬 **Language:** English
greeting-more = Then try `/timeattack start`. `/help` shows the other commands, `/setup show` all settings.
button-results-here = Post results here
button-zone = Time zone: { $place }
zone-ask = Which time zone should this server use? It is { $zone } now. If yours isn't listed: `/setup locale` takes any city, country or offset.
zone-placeholder = Choose a time zone

# Settings.

setup-saved = ✅ Settings saved.
setup-zone-moved = 🗓️ Days already counted in { $before } and their streaks stay as they are. From now on, days are counted in the new zone.
setup-title = Settings
setup-none = none
setup-default = default
setup-where-started = where the time attack was started
setup-results = **Results:** { $value }
setup-alerts = **Alerts:** { $value }
setup-fallback = **Fallback:** { $value }
setup-timezone = **Time zone:** { $value }
setup-zone-guessed = { $zone } (guessed from the server's language; `/setup locale` changes it)
setup-language = **Language:** { $value }
setup-quiet-hours = **Quiet hours:** { $value }
setup-reminders = **Reminders:** { $value }
setup-running = **Running at once, per member:** { $value }
setup-longest = **Longest time limit:** { $value }
setup-extensions = **Extensions, per time attack:** { $value }
setup-style = **Style of the posts:** { $value }
style-classic = classic (the Korean original)
style-gentle = gentle
style-plain = plain
preview-style = Style: { $value }. It replaces any texts you set before.
setup-success = **Post when completed:** { $value }
setup-failure = **Post when failed:** { $value }
preview-title = This is how the posts will look. Nothing is saved until you press “Save”.
preview-success = Completed
preview-failure = Failed
preview-task = Solve 3 algorithm problems
preview-cancelled = Nothing was changed.
button-save = Save
button-cancel = Cancel
check-title = Check
check-ok = ✅ { $channel }: all permissions OK
check-missing = ❌ { $channel }: please give me { $missing }
check-locked = ❌ { $channel }: this thread is locked. Unlock it, give me “Manage Threads”, or choose another channel.
check-unseen = ❌ { $channel }: I can't see this channel. Give me “View Channel”, or choose another channel. ({ $why })
check-post = 🔧 This is a test message: results can be posted here.
check-posted = ✅ The test message is in { $channel }
check-waiting = ⏳ The test message to { $channel } hasn't been posted yet; I keep trying
check-refused = ❌ Discord rejected the test message to { $channel } ({ $why })
permission-view = “View Channel”
permission-send = “Send Messages”
permission-threads = “Send Messages in Threads”
permission-embed = “Embed Links”
permission-attach = “Attach Files”
permission-connect = “Connect”
permission-history = “Read Message History”

# Direct messages.

consent-notice = Get DMs from this server: your results, reminders and announcements
consent-ads = Advertising by direct message
consent-night = At night, too (21:00–08:00, or the server's quiet hours)
consent-result = 📄 **{ $sender }** · { $date }
    Your DM settings were saved and now apply:
    { $facts }
    You can change them at any time with `/dm allow` and `/dm stop` on the server.
consent-renewal = 📄 **{ $sender }** · You allowed this on { $date }:
    { $facts }
    If that is still right, press “Keep it”, or do nothing. To withdraw it, press “Stop these messages”, or use `/dm stop` on the server. Both are free.
dm-stop-button = Stop these messages
dm-keep-button = Keep it
dm-digest = 📬 { $count ->
    [one] One message
   *[other] { $count } messages
} arrived during quiet hours:
dm-failed = 😢 Time ran out for **{ $task }** at <t:{ $deadline }:f> (<#{ $channel }>). Start again with `/timeattack start`!
dm-completed = 🎉 You kept your word: **{ $task }** (<#{ $channel }>). Completed on this server so far: { $count }.
dm-given-up = 🏳️ You gave up on **{ $task }** after { $taken } (<#{ $channel }>).
dm-taken-back = ↩️ You undid that: **{ $task }** is running again, due <t:{ $deadline }:f> (<#{ $channel }>).
dm-corrected = ⚖️ An admin corrected the result of **{ $task }** (<#{ $channel }>): it is { $to } now (it was { $from }). Reason: { $reason }
dm-result-corrected = ⚖️ **{ $task }** (<#{ $channel }>): this result was corrected to { $to }.
dm-reminder = ⏰ **{ $task }** is due <t:{ $deadline }:R> (<t:{ $deadline }:T>, <#{ $channel }>).
dm-reminder-completed = ⏰ You completed **{ $task }** after this reminder (<#{ $channel }>).
dm-reminder-failed = ⏰ The time for **{ $task }** ended at <t:{ $deadline }:f> (<#{ $channel }>).
dm-reminder-given-up = ⏰ You gave up on **{ $task }** after this reminder (<#{ $channel }>).
dm-turned-round = 🎉 You clicked in time, so **{ $task }** counts as completed after all (<#{ $channel }>).
this-server = this server
dm-recorded = 📄 **{ $sender }** · { $at }
    Your DM settings were saved and now apply:
    { $facts }
dm-unchanged = Nothing was changed.
dm-is-on = You get direct messages from this server. To stop them, use `/dm stop` or the button below each of them.
dm-is-off = You get no direct messages from this server. To get them, use `/dm allow`.
dm-offer = 📬 Want the result as a DM? It also turns on reminders and announcements from this server.
    -# { $what }. You can stop DMs at any time, free of charge, with `/dm stop`.
dm-offer-yes = Yes, please
dm-offer-no = No, thanks
dm-status = 📬 Direct messages from this server
dm-status-on = ✅ { $what } (since { $since })
dm-status-off = ▫️ { $what }: not allowed
started-whose-clock = 🕗 I read “{ $typed }” in your time zone, { $zone }: <t:{ $at }:F>. The server's time zone is { $server }.
timezone-set = 🕗 Your time zone is now **{ $zone }**: it is { $time } there ({ $offset }). I use it for times you type, your night hours and your pictures.
timezone-own = 🕗 Your time zone is **{ $zone }**: it is { $time } there ({ $offset }). The server's is { $server }; `/timezone zone:server` switches back to it.
timezone-cleared = 🕗 Your time zone is the server's again: **{ $zone }**, where it is { $time } ({ $offset }).
timezone-server = 🕗 You have no time zone of your own. The server's is **{ $zone }**, where it is { $time } ({ $offset }). Choose yours with `/timezone zone:`.
timezone-choice-server = The server's: { $zone } · { $time }
dm-status-zone = 🕗 Your night hours use { $zone }.
dm-status-waiting = { $count ->
    [one] One message is waiting until morning.
   *[other] { $count } messages are waiting until morning.
}
dm-status-closed = ⚠️ Discord has rejected my messages to you since { $since }. Allow direct messages in the server's privacy settings, then use `/dm allow`.

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
} after their night hours, from { $at } on
announce-no-ads = { $count ->
    [one] ▫️ One allows messages, but no advertising
   *[other] ▫️ { $count } allow messages, but no advertising
}
announce-left = { $count ->
    [one] ▫️ One has left the server
   *[other] ▫️ { $count } have left the server
}
announce-closed = { $count ->
    [one] ▫️ One has turned direct messages off
   *[other] ▫️ { $count } have turned direct messages off
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
announce-waiting = ⏳ Waiting: { $count }
announce-held = 🌙 Held until the morning: { $count }
announce-undelivered = ❌ Rejected by Discord: { $count }
announce-withdrawn = ▫️ Dropped, no longer allowed by the recipient: { $count }
announce-stopped = 🛑 Not sent: { $count }
button-refresh = Refresh

# The queue and privacy.

queue-title = Waiting to be sent
queue-empty = ✅ Nothing is waiting.
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
queue-opening = held until { $at }: Discord is limiting new DMs
queue-retry = tried again at { $at } ({ $why })
queue-parked-count = ⚠️ Undelivered: { $count }. See `/queue parked`.
queue-dropped-expired = ▫️ Dropped this week because they were too old: { $count }
queue-dropped-not-allowed = ▫️ Dropped this week, no longer allowed by the recipient: { $count }
queue-dropped-cancelled = ▫️ Cancelled this week: { $count }
queue-parked-title = Undelivered
queue-parked-empty = ✅ Everything was delivered.
queue-parked-hint = `/queue retry` sends one again, `/queue discard` dismisses it. Undelivered results and announcements are shown to their members at their next command.
queue-parked-dm = a direct message
queue-retried = 🔁 I'm sending it again. See `/queue status`.
queue-discarded = 🗑️ Dismissed.
privacy-exported = 📦 This file has everything that is stored about you on this server. Times are milliseconds since 1970, UTC.
privacy-delete-question = This is stored about you on this server: { $attacks ->
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
    Delete all of it? This can't be undone. Running time attacks end silently, and DMs stop. Messages already posted in Discord stay there.
privacy-deleted = 🗑️ Done. I deleted { $attacks ->
    [one] one time attack
   *[other] { $attacks } time attacks
}, { $messages ->
    [one] one message
   *[other] { $messages } messages
} and { $decisions ->
    [one] one decision
   *[other] { $decisions } decisions
}. Nothing about you is stored for this server any more.
privacy-kept = 👍 Nothing was deleted.
button-delete-all = Delete everything

# Subscribers.

import-preview = This is what the file would do. Nothing has changed yet.
import-nothing = Nothing in this file can be imported, so nothing changes.
import-counts = 📇 **{ $good }** { $good ->
    [one] row
   *[other] rows
}: { $new } new, { $known } existing (will be updated)
import-consents = ✍️ { $count } with consent to advertising
import-suppressed = 🔕 { $count } unsubscribed or blocked; importing doesn't change that
import-faulty = ⚠️ { $count } { $count ->
    [one] row is
   *[other] rows are
} left out:
import-fault = line { $line }: { $what }
fault-fields = the number of fields differs from the header
fault-email = not a valid email address
fault-name = the name has more than 200 characters, or several lines
fault-value = “{ $column }” is too long (500 characters at most)
fault-consent-incomplete = consent_at, consent_source and consent_wording must all be filled, or none
fault-consent-time = consent_at isn't a time in the past, such as 2026-01-31 or 2026-01-31 18:00
fault-repeated = this address is in an earlier row
button-import = Import { $count }
import-under-way = ⏳ Importing. The list changes only when the whole file is in.
import-done = ✅ Imported: { $added } new, { $replaced } updated.
import-cancelled = 👍 Nothing was imported.
subscriber-added = ✅ { $email } is now a subscriber.
subscriber-changed = ✅ { $email } was already a subscriber. I updated the values you gave; the rest stays.
subscriber-removed = 🗑️ { $email } was removed.
subscriber-suppressed = 🔕 { $email } was removed and blocked: nothing is sent there, even if it is imported. `/subscriber add` lifts the block.
subscriber-is-none = ▫️ Not a subscriber.
subscriber-named = **Name:** { $name } (since { $since })
subscriber-consent = ✍️ Agreed to advertising on { $at } ({ $source }): { $wording }
subscriber-without-consent = ▫️ No consent to advertising on record.
suppressed-all = 🔕 Nothing is sent there: { $reason } ({ $since })
suppressed-ads = 🔕 No advertising is sent there: { $reason } ({ $since })
suppressed-unsubscribed = they unsubscribed
suppressed-bounced = the mail server said the address doesn't exist
suppressed-complained = they reported an email as spam
suppressed-by-hand = blocked by an admin
subscribers-none = There are no subscribers yet. Add them with `/subscriber add` or `/subscriber import`.
subscribers-title = 📇 { $count ->
    [one] One subscriber
   *[other] { $count } subscribers
}, { $suppressed } of them blocked{ $pages ->
    [1] {""}
   *[other] {" "}(page { $page } of { $pages })
}
subscribers-exported = 📇 All subscribers, with the reason where nothing is sent. `consents.csv` has every recorded consent and refusal. Times are UTC.

# Files that do not fit in one message.

files-in-messages = 📎 { $files } files, in { $messages } messages: this one and those below it.
files-part = 📎 Message { $part } of { $parts }.
files-missing = ⚠️ { $messages ->
    [one] One message with files
   *[other] { $messages } messages with files
} couldn't be sent, so some files are missing. Please ask again.

# Help.

menu-start-with = Start a time attack with this
help-title = What you can do here
help-placeholder = All commands, by topic
help-topic-timeattacks = Time attacks
help-topic-timeattacks-about = Start one, complete it, extend it, give up
help-topic-records = Results and statistics
help-topic-records-about = Your history, the leaderboard, half a year as a picture
help-topic-you = Just for you
help-topic-you-about = Your time zone, direct messages, reminders, and what is stored about you
help-topic-setup = This server's settings
help-topic-setup-about = Channels, time zone, language, limits, quiet hours, the wording of the posts
help-topic-mail = Email to subscribers
help-topic-mail-about = Subscribers, templates and campaigns
help-topic-server = Running this server
help-topic-server-about = Announcements, corrections, and what couldn't be delivered
help-menu = On any message: *Apps* → **Start a time attack with this**
help-more = -# The menu below has all other commands, and `/help command:` explains one in full.
help-option = **{ $name }** — { $about }
help-option-optional = **{ $name }** (optional) — { $about }
help-needs-manager = -# You need the “Manage Server” permission.
help-timeattack-start = Leave an option out, and a form asks for it. If you don't complete it by the deadline, everybody sees that. Example: `/timeattack start task:Read 20 pages limit:45m`
help-timeattack-complete = The moment you press counts, even if I answer late. Without `attack` it completes the one you are running; you can undo for 30 seconds.
help-timeattack-status = Shows what is running and the latest results. Only you see it.
help-timeattack-giveup = Asks you first. You can undo for 30 seconds.
help-timeattack-extend = As often as the server allows (`/setup limits`). Example: `/timeattack extend by:10m`
help-timeattack-history = Shows every time attack that has ended, page by page. Only you see it.
help-timeattack-leaderboard = Everybody in the channel sees it. Most completed comes first, then the better rate, then who got there first. Days are the server's, and a week begins on Monday. Example: `/timeattack leaderboard period:This month`
help-timeattack-stats = Everybody in the channel sees it: half a year of days, the success rate, streaks. Deadlines that passed while the bot was offline don't count, and such a day breaks no streak.
help-timeattack-reminders = I remind you in the channel where you started, and by DM if you allow DMs. Reminders during quiet hours make no sound.
help-timezone = I use it for times you type, your night hours and your pictures. Posts for everybody use the server's. Example: `/timezone zone:Seoul`
help-dm-allow = You get no DM without asking for it. A button below every message stops all DMs. Example: `/dm allow night:False`
help-dm-stop = Takes effect at once, also for messages that are already waiting.
help-dm-status = Shows what you allowed and when, and how many messages are waiting until morning.
help-privacy-export = One JSON file, which only you see.
help-privacy-delete = Shows how much there is and asks you first. It can't be undone, and running time attacks end silently.
help-help = Without `command` it shows what matters first, and a menu of all commands by topic; press one to use it.
help-announce = Only members who allowed DMs get it, and not at night. You see it, and how many get it, before anything is sent.
help-queue-status = By kind of message, with the reason and the time it goes out.
help-queue-parked = Messages I couldn't deliver, with the number for `retry` and `discard`.
help-queue-retry = It is sent again like a new message.
help-queue-discard = It leaves the list and isn't sent again.
help-correct = You can correct a time attack once it has ended. Everybody is told, with the reason, and the history shows who did it. Example: `/correct attack:… verdict:completed reason:The proof came by email`
help-setup-channels = Without a results channel, results go where the time attack was started. What you leave out stays as it is; `clear` removes a channel. I can't post directly in a forum or media channel: choose one of its posts. Check the permissions with `/setup check`.
clear-results = Results: post them where they were started
clear-alerts = Alerts: report nothing
clear-fallback = Fallback: use no other channel
help-setup-locale = Days, quiet hours and times use this zone. Example: `/setup locale timezone:Asia/Seoul language:English`
help-setup-limits = What you leave out stays as it is. Example: `/setup limits running:3 longest:12h`
help-setup-quiet-hours = Results are still posted on time, but without a sound; direct messages wait until morning. Example: `/setup quiet-hours start:22:00 end:07:30`
help-setup-messages = Fields are {"{"}mention{"}"}, {"{"}name{"}"}, {"{"}task{"}"}, {"{"}date{"}"}, {"{"}deadline{"}"}, {"{"}limit{"}"}, {"{"}taken{"}"} and {"{"}left{"}"}. `style:` chooses words for both: the Korean original, gentle or plain. You see both before they are saved.
help-setup-reminders = At most five, separated by commas; those that make no sense for a short time attack are left out. Example: `/setup reminders at:50%, 10m, 1m`
help-setup-show = Shows all settings, also those that were never changed.
help-setup-check = Looks at each channel's permissions, and posts one test message.
help-subscriber-import = The first row names the columns: email, name, consent_at, consent_source, consent_wording; any other is an attribute that templates can use. UTF-8 or CP949. An import never brings back anyone who unsubscribed.
help-subscriber-add = Example: `/subscriber add email:mina@example.com name:Mina attributes:city=Seoul`
help-subscriber-remove = With `suppress:True` nothing is sent to the address any more, even if it is imported.
help-subscriber-show = Attributes, consents, and the reason if nothing is sent there.
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
book-title = Days of **{ $name }**{ $pages ->
    [1] {""}
   *[other] {" "}(page { $page } of { $pages })
}
book-counted = day { $streak } of the streak
book-passed-over = the bot was offline for { $away } · passed over
book-open = { $streak }-day streak, safe until midnight
book-today = nothing completed yet
book-broken = the streak ended at { $streak }
book-nothing = nothing completed
book-legend = ✅ completed · ❌ failed · 💤 failed while the bot was offline (doesn't count) · 🏳️ given up
button-by-day = By day
button-one-by-one = One by one
leaderboard-week = 🏆 Leaderboard: this week
leaderboard-month = 🏆 Leaderboard: this month
leaderboard-all = 🏆 Leaderboard: all time
leaderboard-days = { $from } – { $to } · { $zone } · { $members ->
    [one] one member
   *[other] { $members } members
}
leaderboard-left = has left the server
leaderboard-line = { $rank } **{ $name }** · **{ $completed }** completed · { $rate }% success · longest streak { $streak }
leaderboard-own = **{ $name }** is **{ $rank }** of { $members }.
leaderboard-none = **{ $name }** hasn't completed anything in this period yet.
leaderboard-empty = Nobody has completed a time attack in this period yet. Be the first: `/timeattack start`!
leaderboard-page = page { $page } of { $pages }
period-week = This week
period-month = This month
period-all = All time

# Corrections.

verdict-completed = completed
verdict-failed = failed
verdict-cancelled = given up
correct-done = ⚖️ Corrected: **{ $task }** of { $name } is now { $to } (it was { $from }). Everybody is told.
correction-post = ⚖️ <@{ $user }>, a correction: **{ $task }** is now { $to } (it was { $from }). Reason: { $reason }
correction-line = ⚖️ Corrected: { $to }. Reason: { $reason }
correction-alert = ⚖️ { $by } corrected **{ $task }** of { $name }: { $from } → { $to }. Reason: { $reason }
correction-alert-own = ⚖️ { $by } corrected a time attack of their own, **{ $task }**: { $from } → { $to }. Reason: { $reason }
history-corrected = ⚖️ corrected by { $by }: { $reason }
history-corrected-by-admin = ⚖️ corrected by an admin: { $reason }

# The picture of a record.

stats-title = 📊 Time attacks of **{ $name }**
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
stats-away = bot offline
stats-empty = No time attack has ended yet. The first one starts with /timeattack start
stats-alt = Record of { $name }, { $date }. Completed: { $completed }. Failed: { $failed }. Given up: { $givenup }. Success rate: { $rate }. Current streak: { $current }. Longest streak: { $longest }. Usual length: { $usual }. In the last 26 weeks: something completed on { $daysdone }, only failures on { $daysfailed }, bot offline on { $daysaway }.

## Email templates and campaigns

error-mail-template-unknown = There is no template with this name. `/template list` shows all templates.
error-mail-no-sender = This bot can't send email yet: its operator must set `MAIL_FROM` to `Name <address@example.org>`.
error-campaign-unknown = There is no campaign with this name. `/campaign list` shows all campaigns.

## Pages of the HTTP server

page-nothing-here = Nothing here
page-refused = This can't be done
page-busy = Too many requests right now. Please try again in a moment
page-failed = This did not work
page-failed-more = Please try again in a few minutes. If it fails again, tell the bot's operator this number: { $id }
page-server = Discord server

# Unsubscribing by the link in an email.

unsubscribe-ask = Unsubscribe?
unsubscribe-ads = Advertising only
unsubscribe-all = All email from this server
unsubscribe-nothing-yet = Nothing changes until you press a button.
unsubscribe-is-test = This email was a test. Its link changes nothing.
unsubscribe-tested = The link works
unsubscribe-done-ads = You won't get advertising emails any more
unsubscribe-done-all = You're unsubscribed
unsubscribe-result-ads = Advertising that was waiting to be sent to you isn't sent either. You may still get news.
unsubscribe-result-all = Email that was waiting to be sent to you isn't sent either.
unsubscribe-sender = Sender
unsubscribe-address = Your address
unsubscribe-date = Unsubscribed
unsubscribe-unknown = This link does not work
unsubscribe-unknown-more = The link may be incomplete, or the email too old. Open the link in a newer email, reply to the email, or ask the admins of the Discord server: they can unsubscribe you.
## Campaigns: `/campaign`

cmd-campaign = Email campaigns to subscribers (needs Manage Server)
cmd-campaign-create = Create a campaign: a template and its recipients. Nothing is sent yet
cmd-campaign-create-name = Its name
cmd-campaign-create-template = The template of its emails
cmd-campaign-create-segment = Recipients, such as gender = "Female" and joined >= 2026-01-01; empty: everybody
cmd-campaign-create-kind = News or advertising (default: advertising)
cmd-campaign-preview = See the emails of the first three recipients, and the first one as a file
cmd-campaign-preview-name = Which campaign
cmd-campaign-test = Send one of its emails to an address
cmd-campaign-test-name = Which campaign
cmd-campaign-test-email = Any address
cmd-campaign-send = Check every recipient's email, and send them after a click
cmd-campaign-send-name = Which campaign
cmd-campaign-schedule = Check every recipient's email, and send them at a time
cmd-campaign-schedule-name = Which campaign
cmd-campaign-schedule-at = When, by the server's clock: tomorrow 9am, 2026-12-01 18:00, in 2h
cmd-campaign-pause = Pause a campaign
cmd-campaign-pause-name = Which campaign
cmd-campaign-resume = Resume a campaign that was paused or stopped
cmd-campaign-resume-name = Which campaign
cmd-campaign-cancel = Cancel a campaign
cmd-campaign-cancel-name = Which campaign
cmd-campaign-status = See how far a campaign is
cmd-campaign-status-name = Which campaign
cmd-campaign-list = Show all campaigns
cmd-campaign-report = See the result of a campaign, with a row per recipient
cmd-campaign-report-name = Which campaign
cmd-campaign-retry-failed = Send again what failed
cmd-campaign-retry-failed-name = Which campaign

error-campaign-name = A campaign's name has 1 to { $most } characters, on one line.
error-campaign-name-taken = A campaign with this name was already sent or is about to be. Choose another name.
error-campaign-too-many = This server already has { $most } campaigns, the most it can have.
error-campaign-not-allowed = This server can't send email. The bot's operator decides which servers can (`MAIL_GUILDS`): ask them.
error-campaign-nobody = Nobody would get it. Skipped: { $segment } not in the segment, { $suppressed } unsubscribed or blocked, { $noconsent } without consent to advertising. Choose another segment, or import subscribers.
error-campaign-recipient = Nothing was sent: the email to { $address } can't be built. { $what }
error-campaign-slow = Nothing was sent: building the emails takes too long. Simplify the template (look at its loops), save it again, and try once more.
error-campaign-begun = This campaign has already started or is scheduled: each is sent once. `/campaign status` shows its state. To send it again, create a new one; to change its time, `/campaign cancel` it first.
error-campaign-not-sending = This campaign isn't being sent. `/campaign status` shows its state.
error-campaign-not-paused = This campaign is neither paused nor stopped. `/campaign status` shows its state.
error-campaign-nothing-to-cancel = Nothing to cancel: the campaign wasn't confirmed, or is over.
error-campaign-not-begun = Nothing of this campaign has been sent yet. `/campaign send` shows what would be sent.
error-campaign-cancelled = This campaign was cancelled, so nothing more is sent. To send it again, create a new one.
error-campaign-nothing-failed = Nothing of this campaign failed.
error-campaign-forgotten = The contents of this campaign's emails were deleted { $days } days after its end, so that personal data isn't kept longer than needed. To reach the failed recipients, create a new campaign with `/campaign create`; `/campaign report` still lists them.
error-campaign-test-suppressed = Nothing is sent to { $address }, not even a test. `/subscriber show` says why; choose another address.
error-campaign-too-many-tests = { $most } test emails were sent in the last hour, the most allowed. Try again later.

fault-mail-field = This recipient has no “{ $field }”. Add it with `/subscriber add` or an import, or give the template a default: {"`{{"} { $field } | default("…") {"}}`"}.
fault-mail-other = { $why }
fault-ad-mark-missing = The subject of advertising must begin with `(광고)`. Add it to the template's subject.
fault-ad-mark-brackets = The subject must begin with exactly `(광고)`: no other brackets or signs around the word.
fault-ad-mark-broken = The subject must begin with exactly `(광고)`: nothing between its letters.
fault-ad-mark-space = The subject must begin with `(광고)`: remove the space before it.
fault-ad-mark-late = The subject must begin with `(광고)`: remove everything before it.
fault-ad-mark-twice = The subject has `(광고)` twice: the law asks for it once.
fault-ad-name = The body of advertising must say who sends it: the server's name, or the sender's name.
fault-ad-contact = The body of advertising must say how to reach the sender: an email address or a phone number.
fault-ad-link = The body of advertising must have an unsubscribe link: {"`{{ unsubscribe_url }}`"}.
fault-ad-korean = The body of advertising must say 수신거부 at the unsubscribe link.
fault-ad-english = The body of advertising must say “unsubscribe” at the unsubscribe link.
fault-ad-paste = Paste this at the end of the template, with your name and contact:
    {"```html"}
    {"<p>보낸 곳: NAME · 문의: you@example.org<br>"}
    {"<a href=\"{{ unsubscribe_url }}\">무료 수신거부 / Unsubscribe</a></p>"}
    {"```"}
fault-segment-long = A segment has { $most } characters at most.
fault-segment-deep = Too deeply nested: at most { $most } levels of parentheses and `not`.
fault-segment-expected = At character { $at } of the segment: expected { $expected }, but there is “{ $found }”.
fault-segment-end = The segment ends at character { $at }, where it needs { $expected }.
fault-segment-unclosed = The quotation that begins at character { $at } of the segment is never closed.
fault-segment-value = At character { $at } of the segment: “{ $found }” is neither a number nor a date. Put text in quotes: "Seoul"; write dates as 2026-01-01.
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

campaign-created = 📝 The campaign **{ $name }** was created. Nothing has been sent yet: look at it with `/campaign preview`, send yourself a test with `/campaign test`, then `/campaign send`.
campaign-segment = 🔎 Segment: { $segment }
campaign-is-ad = ⚖️ It counts as advertising: only subscribers with a recorded consent get it, its subject begins with `(광고)`, and its body says who sends it, how to reach them and how to unsubscribe.
campaign-audience = 👥 Recipients: **{ $count }**
campaign-left-out-segment = ▫️ Skipped, not in the segment: { $count }
campaign-left-out-suppressed = 🔕 Skipped, unsubscribed or blocked: { $count }
campaign-left-out-consent = 🔕 Skipped, no consent to advertising: { $count }
campaign-preview = ✉️ **{ $name }** looks like this. The file is the first email, as it would be sent.
campaign-tested = ✉️ A test is on its way to { $email }.
campaigns-none = There are no campaigns yet. `/campaign create` makes one.
campaigns-title = { $count ->
    [one] **One** campaign
   *[other] **{ $count }** campaigns
}{ $pages ->
    [1] {""}
   *[other] {" "}· page { $page } of { $pages }
}
campaign-kind-notice = 📰 News
campaign-kind-ad = 🏷️ Advertising
campaign-preflight = 📬 **{ $name }** is ready. Every email was built once as a check; nothing has been sent yet.
campaign-schedule-at = ⏰ It begins at **{ $local }** ({ $zone }, UTC{ $offset }), { $left }.
campaign-schedule-dst = 🕐 The clocks change before then; the time shown is the one after the change.
campaign-warning-large = ⚠️ The largest email has { $size } KB. Emails over 100 KB are slow to send, and some mail apps cut them off.
campaign-warning-nameless = ⚠️ { $count ->
    [one] One recipient has no name
   *[other] { $count } recipients have no name
}, and the template uses it.
campaign-warning-unsigned = ⚠️ Emails aren't signed (DKIM), so many servers will treat them as spam. The bot's operator can change it (`MAIL_DKIM_DOMAIN`).
campaign-warning-not-https = ⚠️ Links in emails aren't `https`, so mail apps show no unsubscribe button. The bot's operator can change it (`PUBLIC_URL`).
campaign-warning-no-way-out = ⚠️ The template has no {"`{{ unsubscribe_url }}`"}: people who can't unsubscribe may report it as spam.
campaign-dropped = Nothing will be sent.
button-campaign-send = Send it to all of them
button-campaign-schedule = Send it then
button-campaign-cancel = Cancel it
button-pause = Pause
button-resume = Resume
button-retry-failed = Only what failed
button-retry-all = Also what may have arrived

campaign-paused = ⏸️ **{ $name }** is paused: nothing more is sent until `/campaign resume`. Emails already on their way still arrive.
campaign-resumed = ▶️ **{ $name }** was resumed.
campaign-cancelled = 🛑 **{ $name }** was cancelled: nothing more is sent. Emails already sent can't be taken back.
campaign-called-off = 🛑 **{ $name }** was cancelled before anything was sent. `/campaign send` or `/campaign schedule` starts it again.
campaign-is-new = 📝 **{ $name }** hasn't been sent yet. `/campaign send` shows what would be sent.
campaign-is-scheduled = ⏰ **{ $name }** begins { $at } ({ $left }).
campaign-is-freezing = 📋 **{ $name }** is being prepared. Recipients so far: { $count }. Nothing is sent before all of them are ready.
campaign-is-sending = 📤 **{ $name }** is being sent.
campaign-is-paused = ⏸️ **{ $name }** is paused.
campaign-is-stopped = ⛔ **{ $name }** stopped because the mail server rejected it ({ $why }). Fix that, then press Resume.
campaign-is-done = ✅ **{ $name }** is done.
campaign-is-cancelled = 🛑 **{ $name }** was cancelled.
campaign-is-failed = ⚠️ **{ $name }** couldn't start, and nothing was sent. { $why }
campaign-pace = ⚡ { $rate } a second, about { $left } left
campaign-sent = ✅ Sent: { $count }
campaign-waiting = ⏳ Waiting: { $count }
campaign-deferred = 🕐 Deferred by the receiving server (will retry): { $count }
campaign-failed = ❌ Failed: { $count }
campaign-unknown = ❔ May have arrived (the connection broke at the last moment): { $count }
campaign-withheld = 🔕 Skipped (unsubscribed in the meantime): { $count }
campaign-rests-unreachable = 💤 The mail server can't be reached; retrying at { $until }.
campaign-rests-throttled = 💤 The mail server asked us to slow down; continuing at { $until }.
campaign-rests-daily = 💤 Today's sending limit is used up; continuing at { $until }.
campaign-told-done = 📬 The campaign **{ $name }** is done: { $sent } sent, { $failed } failed, { $unknown } may have arrived, { $withheld } skipped. `/campaign report` has the rest.
campaign-told-stopped = ⛔ The campaign **{ $name }** stopped because the mail server rejected it. `/campaign status` says why; `/campaign resume` continues it.
campaign-told-failed = ⚠️ The campaign **{ $name }** couldn't start, and nothing was sent. `/campaign status` says why.

campaign-report = 📊 The report. The file has one row per recipient, with the reason if the email didn't arrive.
campaign-report-time = 🕐 Began { $began }, took { $took }
campaign-report-retry = 🔁 `/campaign retry-failed` sends them again.
campaign-retry = 🔁 { $failed } failed. { $unknown } may have arrived. What should be sent again?
campaign-retry-unknown = With the second button, anyone who already got it gets it **twice**.
campaign-chart-delivered = Sent
campaign-chart-failed = Failed
campaign-chart-unknown = May have arrived
campaign-chart-lost = Failed or uncertain
campaign-chart-left-out = Skipped
campaign-chart-waiting = Waiting
campaign-chart-took = Took
campaign-chart-deferred = Deferred
campaign-chart-nameless = A campaign
campaign-chart-subtitle = Campaign · { $began }
campaign-chart-empty = Nothing has been sent yet.
campaign-chart-unit = Emails in { $step }
campaign-chart-alt = Report of the campaign { $name }. Sent: { $delivered }. Failed: { $failed }. May have arrived: { $unknown }. Skipped: { $leftout }. Waiting: { $waiting }. It took { $took }.
## What can be wrong with an email template

error-mail-template-name = A template's name has 1 to { $most } characters, on one line.
error-mail-template-in-use = The campaign **{ $campaign }** uses this template and isn't over. Delete the template afterwards, or cancel the campaign.
error-mail-template-too-many = This server has { $most } templates, the most it can have. Delete one with `/template delete`.
error-mail-subject-length = A subject has 1 to { $most } characters, on one line, including its fields.
error-mail-html-large = The HTML is larger than { $most } KiB. Add pictures with the options `image1` to `image5`, not inside the HTML.
error-mail-html-encoding = This file isn't UTF-8 text. Save the email's HTML as UTF-8 and upload it again.
error-mail-html-empty = This file is empty. Upload the email's HTML as `body`.
error-mail-html-line = Line { $line } of the HTML: { $what }
error-mail-tag-subject = The subject: { $what }
error-mail-engine = One of the tags in the HTML makes the template engine fail. Look for tags with brackets, filters or sums, and simplify them.
error-mail-engine-subject = One of the tags in the subject makes the template engine fail. Look for tags with brackets, filters or sums, and simplify them.
error-mail-tag-text = The text part, which is made from the HTML: { $what }
error-mail-image = The picture “{ $file }”: { $what }
error-mail-images-large = The pictures are larger than { $most } MiB together. Make them smaller: every email carries all of them.
error-mail-missing-field = This recipient has no “{ $field }”. Add it with `/subscriber add` or an import, or give the template a default: {"`{{"} { $field } | default("…") {"}}`"}.
error-mail-subject-broken = With this recipient's fields the subject is empty, or contains a line break or a control character. Correct the field that the subject uses.
error-mail-endless = The template does far more than an email can need. Look at its loops ({"`{%"} for {"%}`"}).
error-mail-prepared-large = With its styles inlined, the template is larger than { $most } KiB. Use fewer properties, or fewer elements.
error-mail-merged-large = With its fields filled in, the email is larger than { $most } KiB. Look at the template's loops.
markup-fault-script = mail apps run no scripts, and most treat such an email as dangerous. Remove `<script>`, attributes such as `onclick` and links with `javascript:`.
markup-fault-outside-style = mail apps fetch no style sheets. Put the styles into a `<style>` element instead of `<link>` or `@import`.
markup-fault-unquoted = a field is in a place where its value could become HTML. Put attribute values in quotes, as in {"`href=\"{{ unsubscribe_url }}\"`"}, and put no field right after a `<`.
markup-fault-deep = elements are nested more than { $most } levels deep. Close those that have ended.
markup-fault-many = there are more than { $most } elements, far more than an email needs.
markup-fault-reopened = elements such as `<b>`, `<a>` or `<font>` are never closed here, so each later paragraph opens all of them again. Close them before the paragraph or cell ends.
markup-fault-style-deep = selectors or layers are nested or chained more than { $most } levels deep. Write shorter selectors, such as one class.
markup-fault-style-costly = inlining these styles takes too long. Use fewer rules and properties, or fewer elements; select by class instead of `*`, `~` or attributes.
markup-fault-style = the styles can't be read. Look for a missing brace in `<style>`.
tag-fault-endless = this tag is never closed. Close it with {"`}}`"}, {"`%}`"} or {"`#}`"}.
tag-fault-long = this tag is longer than { $most } characters.
tag-fault-deep = blocks are nested more than { $most } levels deep. Close those that have ended, or join conditions with `and`.
tag-fault-branches = there are more than { $most } `elif` branches. Put the text that depends on the recipient into a column of your subscribers' file, and show that field.
tag-fault-brackets = brackets are nested more than { $most } levels deep. Compute a part before it with `set name = …`.
tag-fault-operations = this tag has more than { $most } operators, filters and the like. Split it with `set name = …`.
tag-fault-sets = there are more than { $most } `set` tags. Put values that depend on the recipient into a column of your subscribers' file.
tag-fault-statement = { $given } doesn't exist in emails. Use `if`, `for`, `with` or `set name = …`.
tag-fault-unclosed = { $given } is never closed. Add { $end }.
tag-fault-unopened = { $given } has no opening tag.
tag-fault-name = { $given } doesn't exist here. You can use { $there }.
tag-fault-sign = { $given } can't be used here in emails. Write fields side by side instead of joining them, and put only texts and numbers into lists.
tag-fault-image = there is no picture { $given }. You have { $there }. Write {"`{{"} image("name") {"}}`"}.
tag-fault-image-none = there is no picture { $given }: none was uploaded. Add pictures as `image1` to `image5`.
tag-fault-no-argument = { $given } needs at least one value between its parentheses, as in {"`{{ loop.cycle(\"odd\", \"even\") }}`"}.
tag-fault-step = a slice takes two numbers, as in {"`{{ name[0:3] }}`"}. Remove the third.
tag-fault-named-slices = slices such as {"`name[0:3]`"} are named with `set` or `with` more than { $most } times. Write the slice where it is shown.
tag-fault-subject = the subject can't be used inside itself.
tag-fault-syntax = this tag can't be read ({ $why }).
tag-fault-merge = this can't be filled in ({ $why }).
image-fault-kind = mail apps can't show this kind of image. They show PNG, JPEG, GIF and WebP.
image-fault-other-kind = this is { $is }, but its name says otherwise. Rename it.
image-fault-large = it is larger than { $most } MiB. Make it smaller: every email carries it.
image-fault-name = a picture can't have this file name. Use letters from a to z, digits, `-` and `_`, such as `logo.png`.
image-fault-repeated = another picture has the same name. Rename one of them.

## /template

template-saved = 💌 The template **{ $name }** was saved. See it with `/template preview`.
template-replaced = 💌 The template **{ $name }** was replaced. Campaigns that are being sent keep the earlier one.
template-fields = **Fields:** { $fields }
template-without-fields = It uses no fields: everybody gets the same email.
template-warning-remote-images = ⚠️ { $count ->
    [one] One picture is
   *[other] { $count } pictures are
} loaded from the web. Most mail apps do that only after the reader agrees. Upload pictures as `image1` to `image5` instead.
template-warning-form = ⚠️ Most mail apps don't submit forms. Link to a page with the form instead.
template-warning-ignored = ⚠️ Most mail apps ignore `<{ $element }>`.
template-warning-unused-image = ⚠️ The picture `{ $name }` is in every email but shown in none. Write {"`{{"} image("{ $name }") {"}}`"} into the `src` of an `<img>`.
template-warning-clipped = ⚠️ The HTML has { $size } KB. Gmail cuts it off after 102 KB, and the end isn't shown.
template-warning-no-unsubscribe = ⚠️ There is no {"`{{ unsubscribe_url }}`"}. Advertising can't be sent without it.
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
template-saved-by = Saved by { $author }, { $at }
template-saved-at = Saved { $at }
template-preview = 👀 This is what would be sent. The file is the email itself: open it with a mail app.
template-preview-facts = To { $address } · { $size } KB · { $images ->
    [0] no pictures
    [one] 1 picture
   *[other] { $images } pictures
}
template-sample-name = Name
template-deleted = 🗑️ The template **{ $name }** was deleted. Campaigns that were sent keep theirs.
cmd-template = Email templates (needs Manage Server)
cmd-template-save = Save a template, or replace one
cmd-template-save-name = Its name; a template with this name is replaced
cmd-template-save-subject = The subject; may have fields, such as {"{{ name }}"}
cmd-template-save-body = The email as an HTML file (UTF-8)
cmd-template-save-image1 = A picture: logo.png is image("logo") in the HTML
cmd-template-save-image2 = Another picture
cmd-template-save-image3 = Another picture
cmd-template-save-image4 = Another picture
cmd-template-save-image5 = Another picture
cmd-template-list = Show all templates
cmd-template-show = Show a template, with its HTML
cmd-template-show-name = Which one
cmd-template-preview = See the email that a subscriber would get; nothing is sent
cmd-template-preview-name = Which one
cmd-template-preview-email = The subscriber (default: the first one)
cmd-template-delete = Delete a template
cmd-template-delete-name = Which one
help-campaign-create = A segment is made of attributes: {"`city = \"Seoul\" and joined >= 2026-01-01`"}, with `or`, `not`, `in (…)`, `contains`, `is empty` and parentheses. Advertising needs each reader's consent, and (광고) in the subject.
help-campaign-preview = The file contains exactly the bytes that would be sent.
help-campaign-test = As it would arrive, with the fields of that subscriber, or of the first one. Its unsubscribe link changes nothing.
help-campaign-send = Before you are asked, every email is built once as a check, and nothing is sent if one of them fails. You see how many get it, who is skipped and why.
help-campaign-schedule = Checked now and confirmed by you; it starts at its time, or as soon as the bot is back if it was offline. Example: `/campaign schedule name:News at:tomorrow 9am`
help-campaign-pause = Takes effect within two seconds. Emails already on their way still arrive.
help-campaign-resume = Also after the mail server rejected the email or its sender, once the reason is fixed.
help-campaign-cancel = A campaign that is being sent can't be resumed, and emails already on their way still arrive. One that is only scheduled can be given another time.
help-campaign-status = The bar updates by itself for a quarter of an hour.
help-campaign-list = The newest first.
help-campaign-report = A picture, and a CSV file with the result of each email and the reason.
help-campaign-retry-failed = Asks you first. Emails that may have arrived are sent again only if you say so: some people would get them twice.
help-template-save = Fields are {"`{{ name }}`"}, {"`{{ email }}`"}, {"`{{ unsubscribe_url }}`"}, every attribute, and pictures as {"`{{ image(\"logo\") }}`"}. I inline the `<style>` and make a text part. Scripts are refused.
help-template-list = By name, with the subject.
help-template-show = Subject, size, pictures and fields, and the HTML as it was uploaded.
help-template-preview = Subject, beginning and size, and the email as an `.eml` file with exactly the bytes that would be sent.
help-template-delete = A campaign that was sent keeps its copy.

## Review of emails

markup-fault-field-in-style = a field can't be used inside a style, because its value could change other styles. Choose between styles with {"`{% if %}`"} instead.
campaign-told-limited = ⏸️ The campaign **{ $name }** is waiting: today's sending limit is used up. It continues by itself { $until }.
campaign-told-away = ⏸️ The campaign **{ $name }** is waiting: the mail server can't be reached. It continues by itself once the server is back.

# What Discord shows instead of an unknown mention, and the pages of a server.

token-user = @unknown-user
token-role = @deleted-role
token-channel = #unknown
token-page = { $page ->
    [browse] Browse Channels
    [customize] Channels & Roles
    [home] Server Home
    [linked-roles] Linked Roles
   *[other] Server Guide
}

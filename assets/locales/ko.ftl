# 사람이 읽는 글, 한국어. en.ftl과 키와 변수가 같아야 해요. 테스트가 둘을 비교해요.

## 슬래시 명령어와 옵션의 설명: 각각 100자 이내.
## 키는 명령어의 이름 뒤에 옵션의 이름을 붙여 만들어요.

cmd-timeattack = 스스로 정한 마감을 지켜 보세요
cmd-timeattack-start = 타임어택을 시작해요: 할 일과 제한 시간
cmd-timeattack-start-task = 무엇을 할 건가요?
cmd-timeattack-start-limit = 얼마 동안, 또는 언제까지: 30분, 1시간 30분, 18시까지, 내일 오전 9시까지
cmd-timeattack-complete = 내 타임어택을 완료해요
cmd-timeattack-complete-attack = 여러 개라면 어느 것인가요?
cmd-timeattack-complete-proof = 인증할 사진이나 파일 (8MB까지)
cmd-timeattack-status = 진행 중인 타임어택을 보여 줘요
cmd-timeattack-status-member = 누구의 것인가요? 비워 두면 내 것
cmd-timeattack-giveup = 내 타임어택을 포기해요
cmd-timeattack-giveup-attack = 여러 개라면 어느 것인가요?
cmd-timeattack-extend = 내 타임어택의 시간을 늘려요
cmd-timeattack-extend-by = 얼마나 더: 10분, 1시간
cmd-timeattack-extend-attack = 여러 개라면 어느 것인가요?
cmd-timeattack-history = 지난 타임어택과 그 결과를 보여 줘요
cmd-timeattack-history-member = 누구의 것인가요? 비워 두면 내 것
cmd-timeattack-leaderboard = 누가 가장 많이 완료했는지 보여 줘요
cmd-timeattack-leaderboard-period = 어느 기간인가요? 비워 두면 이번 주
cmd-timeattack-stats = 그동안 해낸 것을 그림으로 보여 줘요
cmd-timeattack-stats-member = 누구의 것인가요? 비워 두면 내 것
cmd-timeattack-reminders = 이 서버에서 내 마감 알림을 켜거나 꺼요
cmd-timeattack-reminders-on = 알림을 받을까요?
cmd-setup = 이 서버의 설정 (서버 관리하기 권한 필요)
cmd-setup-channels = 결과와 운영 알림을 올릴 채널을 정해요
cmd-setup-channels-results = 결과를 올릴 채널
cmd-setup-channels-alerts = 봇이 전하지 못한 것을 알릴 운영 알림 채널
cmd-setup-channels-fallback = 결과 채널에 올릴 수 없을 때 쓸 예비 채널
cmd-setup-channels-clear = 이제 쓰지 않을 채널
cmd-setup-locale = 서버의 시간대와 언어를 정해요
cmd-setup-locale-timezone = 도시, 나라, 시차. 예: 서울, 한국, UTC+9
cmd-setup-locale-language = 모두에게 보이는 글의 언어
cmd-setup-quiet-hours = 소리 없이 결과를 올릴 시간을 정해요
cmd-setup-quiet-hours-start = 조용한 시간의 시작, HH:MM
cmd-setup-quiet-hours-end = 조용한 시간의 끝, HH:MM
cmd-setup-quiet-hours-off = 조용한 시간을 두지 않기
cmd-setup-limits = 멤버가 얼마나 시작할 수 있는지 정해요
cmd-setup-limits-running = 한 멤버가 동시에 진행할 수 있는 타임어택 수
cmd-setup-limits-longest = 가장 긴 제한 시간: 12시간, 30일
cmd-setup-limits-extensions = 타임어택 하나를 늘릴 수 있는 횟수
cmd-setup-messages = 결과 글의 문구를 정해요
cmd-setup-messages-style = 두 글의 문구: 처음 그대로, 다정하게, 사실만
cmd-setup-messages-success = 완료했을 때의 글. “default”라고 쓰면 기본 문구로 돌아가요
cmd-setup-messages-failure = 실패했을 때의 글. “default”라고 쓰면 기본 문구로 돌아가요
cmd-setup-reminders = 마감 전에 언제 알릴지 정해요
cmd-setup-reminders-at = 제한 시간의 비율이나 마감 전 시간을 쉼표로 나누어: 50%, 10분, 1분
cmd-setup-reminders-off = 알리지 않기
cmd-setup-show = 이 서버의 설정을 보여 줘요
cmd-setup-check = 설정대로 동작할 권한이 봇에게 있는지 확인해요
cmd-dm = 이 서버에서 받을 다이렉트 메시지를 정해요
cmd-timezone = 내 시간대를 정하거나 봐요
cmd-timezone-zone = 도시, 나라, 시차: 서울, 한국, UTC+9. 서버 시간대로 돌아가려면 “서버”
cmd-dm-allow = 이 서버의 DM 받기: 내 결과, 마감 알림, 서버 공지
cmd-dm-allow-night = 야간에도 받기 (21:00–08:00 또는 서버의 조용한 시간)
cmd-dm-allow-ads = 다이렉트 메시지로 받는 광고
cmd-dm-stop = 이 서버의 다이렉트 메시지를 바로, 무료로 모두 그만 받아요
cmd-dm-status = 무엇에 동의했는지, 어떤 메시지가 대기 중인지 보여 줘요
cmd-privacy = 봇에 저장된 내 정보
cmd-privacy-export = 이 서버에 저장된 내 정보를 모두 파일로 받아요
cmd-privacy-delete = 이 서버에 저장된 내 정보를 모두 지워요
cmd-help = 무엇을 할 수 있는지, 명령어 하나를 어떻게 쓰는지 보여 줘요
cmd-help-command = 어느 명령어인가요?
cmd-announce = 다이렉트 메시지에 동의한 모두에게 공지를 보내요 (서버 관리하기 권한 필요)
cmd-announce-body = 내용. \n은 줄바꿈. 보내기 전에 미리 보여 줘요
cmd-announce-kind = 서버 공지 또는 광고
cmd-announce-role = 이 역할이 있는 사람에게만
cmd-queue = 발송 대기 목록 (서버 관리하기 권한 필요)
cmd-queue-status = 발송 대기 중인 메시지와 그 이유, 보낼 시각을 보여 줘요
cmd-queue-parked = 보내지 못한 것과 그 이유를 보여 줘요
cmd-queue-retry = 보내지 못한 것을 다시 보내요
cmd-queue-retry-id = /queue parked에 나오는 번호
cmd-queue-discard = 보내지 못한 것을 목록에서 지워요. 다시 보내지 않아요
cmd-queue-discard-id = /queue parked에 나오는 번호
cmd-subscriber = 이메일 구독자 (서버 관리하기 권한 필요)
cmd-subscriber-import = CSV 파일에서 구독자를 읽어요. 무엇이 바뀌는지 먼저 보여 줘요
cmd-subscriber-import-file = 첫 줄에 email, name과 원하는 열이 있는 CSV. 10만 줄, 20MB까지
cmd-subscriber-add = 구독자를 추가하거나 속성을 바꿔요
cmd-subscriber-add-email = 메일 주소
cmd-subscriber-add-name = 이름
cmd-subscriber-add-attributes = 그 밖의 속성: city=서울, joined=2026-01-01
cmd-subscriber-add-consent_source = 광고 수신에 어디서 동의했는지: 가입 양식, 행사
cmd-subscriber-add-consent_wording = 동의한 문구
cmd-subscriber-remove = 구독자를 지워요
cmd-subscriber-remove-email = 메일 주소
cmd-subscriber-remove-suppress = 이 주소를 차단하기. 다시 가져와도 보내지 않아요
cmd-subscriber-show = 저장된 구독자 정보를 보여 줘요
cmd-subscriber-show-email = 메일 주소
cmd-subscriber-list = 모든 구독자를 한 쪽씩 보여 줘요
cmd-subscriber-export = 모든 구독자를 CSV 파일로 받아요
cmd-correct = 끝난 타임어택의 결과를 바로잡아요 (서버 관리하기 권한 필요)
cmd-correct-attack = 어느 것인가요? 멤버나 할 일을 입력하세요
cmd-correct-verdict = 실제로는 어떻게 끝났나요?
cmd-correct-reason = 이유. 모두가 볼 수 있어요

## Answers in Discord

# 할 수 없는 것: 무엇이 문제이고, 대신 무엇을 하면 되는지.

error-internal = 죄송해요, 봇에 문제가 생겼어요. 잠시 후 다시 시도해 주세요. 계속되면 봇 운영자에게 이 번호를 알려 주세요: { $id }
error-task-length = { $length ->
    [0] 무엇을 할지 적어 주세요.
   *[other] 할 일이 { $length }자예요. 200자 이내로 적어 주세요.
}
error-limit = 이 서버에서는 제한 시간을 1초부터 { $longest }까지 정할 수 있어요.
error-too-many = 이 서버에서는 타임어택을 동시에 { $running }개까지 할 수 있어요. 하나를 완료하거나 포기한 뒤에 시작해 주세요.
error-too-many-in-guild = 이 서버에서 진행 중인 타임어택이 { $limit }개로 가득 찼어요. 몇 개가 끝난 뒤에 다시 시작해 주세요.
error-unknown-attack = 그런 타임어택을 찾을 수 없어요. 입력할 때 나오는 목록에서 골라 주세요.
error-nothing-running = 진행 중인 타임어택이 없어요. `/timeattack start`로 시작해 보세요.
error-not-yours = 다른 사람의 타임어택이에요. 내 것만 바꿀 수 있어요.
error-asked-somebody-else = 다른 사람에게 한 질문이라서 아무것도 바꾸지 않았어요. 직접 하려면 명령어를 실행해 주세요.
error-already-ended = 이미 끝난 타임어택이에요. `/timeattack history`에서 확인해 보세요.
error-too-late = 늦었어요. 마감이 <t:{ $deadline }:T>에 지났어요. `/timeattack start`로 다시 시작해 보세요!
error-nothing-to-undo = 되돌릴 것이 없어요. 완료하거나 포기한 타임어택이 아니에요.
error-undo-too-late = 늦었어요. { $seconds }초 안에만 되돌릴 수 있어요.
error-was-corrected = 관리자가 결과를 바로잡아서 되돌릴 수 없어요.
error-not-kept = 더는 저장되어 있지 않은 타임어택이에요. `/timeattack start`로 새로 시작해 보세요.
error-duration-unknown = “{ $rest }”{ JOSA($rest, "을/를") } 이해하지 못했어요. 30분, 1시간 30분, 2일처럼 길이를 적어 주세요.
error-duration-unfinished = 30분, 1시간 30분, 2일처럼 길이를 적어 주세요.
error-undone-too-often = 이미 { $most }번 되돌렸어요. 이제는 되돌릴 수 없어요.
error-too-many-reminders = 너무 많아요. 알림은 쉼표로 나누어 { $most }개까지 적어 주세요. 예: 50%, 10분, 1분
error-reminder-out-of-bounds = 마감 1초 전부터 { $earliest } 전까지 알릴 수 있어요.
error-share = “{ $given }”{ JOSA($given, "은/는") } 비율이 아니에요. 1%부터 99%까지 적어 주세요.
error-reminders-incomplete = `at`(예: 50%, 10분, 1분)과 `off: True` 중 하나만 골라 주세요.
error-import-under-way = 지금 구독자를 가져오는 중이라 다 끝날 때까지 명단을 바꿀 수 없어요. 1분쯤 뒤에 다시 시도해 주세요.
error-campaign-begins = 캠페인이 받는 사람을 모으는 중이라 아직 두 번째 파일을 가져올 수 없어요. 1분쯤 뒤에 다시 시도해 주세요.
error-file-under-way = 지금 이 서버의 다른 사람이 요청한 파일을 만들고 있어요. 1~2분 뒤에 다시 시도해 주세요.
error-files-under-way = 지금 다른 서버에서 요청한 파일을 만들고 있어요. 1~2분 뒤에 다시 시도해 주세요.
error-goes-on-later = 봇이 다시 시작하는 중이에요. 요청하신 일은 이미 시작했고, 다시 시작한 뒤에 이어서 끝낼게요.
error-announcement-under-way = 보내는 중인 공지에 문의처로 적혀 있어요. 다 보내거나 멈춘 뒤에 다시 시도해 주세요.
error-email-address = “{ $given }”{ JOSA($given, "은/는") } 올바른 메일 주소가 아니에요. name@example.com처럼 적어 주세요.
error-subscriber-name = 이름은 한 줄, { $most }자까지예요.
error-attribute = “{ $given }”{ JOSA($given, "을/를") } 읽을 수 없어요. city=서울처럼 이름=값을 쉼표로 나누어 적어 주세요. 이름은 글자로 시작해야 하고 email, name, subject, image, unsubscribe_url은 쓸 수 없어요.
error-too-many-attributes = 구독자 한 명의 속성은 { $most }개까지예요.
error-consent-incomplete = 동의에는 어디서 동의했는지와 동의한 문구가 둘 다 필요해요. 각각 500자까지예요.
error-too-many-subscribers = 한 서버의 구독자는 { $most }명까지예요.
error-unknown-subscriber = 그런 주소의 구독자가 없어요. 입력할 때 나오는 목록에서 골라 주세요.
error-no-subscribers = 아직 구독자가 없어요. `/subscriber add`나 `/subscriber import`로 추가해 주세요.
error-sheet-too-large = 파일이 너무 커요. { $most }MB까지예요. 나누어 올려 주세요.
error-sheet-too-long = 줄이 너무 많아요. { $most }줄까지예요. 나누어 올려 주세요.
error-sheet-encoding = 읽을 수 없는 파일이에요. UTF-8도 CP949도 아니에요. “CSV UTF-8”로 저장해 주세요.
error-sheet-empty = 파일이 비어 있어요. 첫 줄에 열 이름(email, name, …)을 적어 주세요.
error-sheet-without-email = “email” 열이 없어요. 첫 줄에 열 이름(email, name, …)을 적어 주세요.
error-sheet-column = “{ $given }”{ JOSA($given, "은/는") } 열 이름으로 쓸 수 없어요. 글자로 시작하고 글자, 숫자, _로 40자까지예요.
error-sheet-column-twice = “{ $given }” 열이 두 개예요. 하나의 이름을 바꿔 주세요.
error-file-unreadable = 디스코드에서 파일을 받지 못했어요. 잠시 뒤에 다시 시도해 주세요.
error-unknown-command = “{ $given }” 명령어는 없어요. 목록에서 고르거나, `/help`만 써서 모두 살펴보세요.
error-no-extension = { $limit ->
    [0] 이 서버에서는 타임어택을 연장할 수 없어요.
   *[other] 이미 { $limit }번 연장했어요. 이 서버에서는 더 연장할 수 없어요.
}
error-busy = 지금은 데이터를 읽거나 저장할 수 없어서 처리하지 못했어요. 바뀐 것은 없고, 진행 중인 타임어택도 그대로예요. 잠시 후 다시 시도해 주세요.
error-sheet-line = 파일의 { $line }번째 줄에 열이 너무 많아요. 구독자마다 한 줄씩 있는 CSV로 저장한 뒤 다시 시도해 주세요.
error-document-busy = 지금은 읽을 문서가 밀려 있어서 처리하지 못했어요. 바뀐 것은 없어요. 1분쯤 뒤에 다시 시도해 주세요.
error-document-slow = 읽는 데 너무 오래 걸려서 { $seconds }초 만에 멈췄어요. 행, 스타일, 반복문을 줄여 더 작고 단순하게 만든 뒤 다시 시도해 주세요.
error-document-stopping = 다시 시작하는 중이라 끝내지 못했어요. 바뀐 것은 없어요. 1분쯤 뒤에 다시 시도해 주세요.
error-document-defect = 봇의 결함 때문에 이 파일을 읽지 못했어요. 바뀐 것은 없어요. 봇 운영자에게 알려 주세요. 고쳐질 때까지는 더 단순한 파일로 시도해 볼 수 있어요.
error-only-in-servers = 서버에서만 쓸 수 있어요. 서버의 채널에서 사용해 주세요.
error-needs-manage-server = “서버 관리하기” 권한이 필요해요. 서버 관리자에게 부탁해 주세요.
error-unknown-zone = “{ $given }”{ JOSA($given, "은/는") } 모르는 시간대예요. 서울, 한국, UTC+9처럼 적고 목록에서 골라 주세요.
error-may-not-write-here = 이 채널에 글을 쓸 수 없어서 대신 올려 드릴 수 없어요. 글을 쓸 수 있는 채널에서 사용해 주세요.
error-time-of-day = “{ $given }”{ JOSA($given, "은/는") } 올바른 시각이 아니에요. 21:00처럼 HH:MM으로 적어 주세요.
error-quiet-hours-incomplete = `start`와 `end`를 둘 다 적거나(예: 21:00, 08:00), `off: True`만 골라 주세요.
error-number = { $lowest }부터 { $highest }까지의 수를 적어 주세요.
error-longest = 가장 긴 제한 시간은 1초부터 { $highest }까지 정할 수 있어요.
error-channel-not-here = 이 서버에서 <#{ $channel }> 채널을 볼 수 없어요. 이 서버의 채널을 고르고, 봇에게 “채널 보기” 권한을 주세요.
error-channel-takes-no-posts = <#{ $channel }>에는 메시지를 바로 올릴 수 없어요. 포럼이나 미디어 채널, 카테고리이기 때문이에요. 텍스트·음성·스테이지·공지 채널이나 스레드(포럼이라면 그 안의 게시글)를 골라 주세요.
error-set-and-cleared = 같은 채널을 정하면서 비우려고 했어요. 둘 중 하나만 남겨 주세요.
error-nothing-to-change = 바꿀 것이 없어요. 옵션을 하나 이상 채워 주세요.
error-outdated = 너무 오래됐거나 더는 쓸 수 없어요. 명령어를 다시 실행해 주세요.
error-time-empty = 제한 시간을 적어 주세요. 예: 30분, 1시간 30분, 18시까지
error-time-too-long = 제한 시간이 너무 길게 적혀 있어요. 30분이나 내일 오전 9시처럼 적어 주세요.
error-time-bare-number = { $number } 뒤에 단위를 붙여 주세요. 예: { $number }분, { $number }시간
error-time-ambiguous-hour = { $hour ->
        [12] 12시가 낮인지 밤인지 알 수 없어요. 낮 12시나 밤 12시처럼 적어 주세요.
       *[other] { $hour }시가 오전인지 오후인지 알 수 없어요. 오전 { $hour }시나 오후 { $hour }시처럼 적어 주세요.
    }
error-time-length-or-clock = “{ $given }”{ JOSA($given, "이/가") } 길이인지 시각인지 알 수 없어요. 30분처럼 단위를 붙이거나, 오전·오후를 붙여 주세요.
error-time-before-or-to = “{ $given }”{ JOSA($given, "이/가") } 몇 분 앞선 시각인지, 그 시각 전까지인지 알 수 없어요. 시각을 그대로 적어 주세요.
error-time-ambiguous-zone = “{ $given }”{ JOSA($given, "이/가") } 어느 시간대인지 알 수 없어요. 시차로 적어 주세요: { $offsets }
error-time-several = “{ $given }”: 여러 뜻으로 읽을 수 있어요. 원하는 시각이나 길이를 정확히 적어 주세요.
error-time-readings = 혹시 이런 뜻인가요? { $readings }
error-time-ambiguous-day = “{ $given }”만으로는 언제인지 알 수 없어요. 내일 오전 9시처럼 날과 시각을 정확히 적어 주세요.
error-time-past = 이미 지난 시각이에요: <t:{ $at }:f>. 앞으로 올 시각을 적어 주세요.
error-time-not-positive = 제한 시간은 1초 이상이어야 해요.
error-time-too-far = 너무 먼 미래예요. 더 가까운 시각을 적어 주세요.
error-time-not-local = { $given }{ JOSA($given, "은/는") } 서머타임이 시작되면서 건너뛰는 시각이에요. 다른 시각을 적어 주세요.
error-time-unknown = “{ $rest }”{ JOSA($rest, "을/를") } 이해하지 못했어요. 30분, 1시간 30분, 18시까지, 내일 오전 9시처럼 적어 주세요.
error-time-unfinished = 무언가 빠진 것 같아요. 30분, 1시간 30분, 18시까지, 내일 오전 9시처럼 적어 주세요.
error-template-unclosed = 쓸 수 없는 템플릿이에요. { $at }번째 글자의 {"{"} 괄호가 닫히지 않았어요. (괄호 자체는 {"{{"}로 적어요.)
error-template-unopened = 쓸 수 없는 템플릿이에요. { $at }번째 글자의 {"}"} 괄호는 열린 적이 없어요. (괄호 자체는 {"}}"}로 적어요.)
error-template-field = 쓸 수 없는 템플릿이에요. { $at }번째 글자의 “{ $field }” 필드는 없어요. 쓸 수 있는 필드: mention, name, task, date, deadline, limit, taken, left
error-template-long = 템플릿이 너무 길어요. 가장 긴 할 일이 들어갔을 때 { $most }자를 넘지 않아야 해요.
error-template-empty = 템플릿이 비어 있어요. 기본 문구로 되돌리려면 “default”라고 적어 주세요.
error-body-length = 내용은 1자부터 { $most }자까지예요. 지금은 { $length }자예요.
error-ad-mark = “(광고)” 표시는 빼 주세요. 법에서 정한 그대로 제가 붙여요. 광고라면 종류에서 “광고”를 고르세요.
error-roles = 누가 그 역할을 가졌는지 디스코드에서 알려 주지 않았어요. 잠시 뒤에 다시 해 보세요.
error-too-many-for-role = 다이렉트 메시지에 동의한 멤버가 { $most }명이 넘어 역할을 하나하나 확인할 수 없어요. 모두에게 보내 주세요.
error-unknown-message = 그런 메시지가 없어요. 목록에서 고르거나 `/queue parked`를 보세요.
error-still-running = 아직 진행 중인 타임어택이에요. 끝난 뒤에 바로잡을 수 있어요.
error-same-verdict = 이미 “{ $verdict }” 상태라 바로잡을 것이 없어요.
error-reason-length = { $length ->
    [0] 이유를 적어 주세요. 모두가 볼 수 있어요.
   *[other] 이유가 { $length }자예요. { $most }자 이내로 적어 주세요.
}

# 결과 글.

success-template = 🎉 {"{"}mention{"}"} 님이 해냈어요: **{"{"}task{"}"}**! {"{"}taken{"}"} 만에, {"{"}left{"}"} 남기고 완료했어요.
success-streak = -# 🔥 { $days }일 연속
button-again = 다시 하기 ({ $limit })
success-gentle = 🌱 잘했어요, {"{"}mention{"}"} 님. **{"{"}task{"}"}**, 마감까지 {"{"}left{"}"} 남기고 {"{"}taken{"}"} 만에 완료했어요.
success-plain = ✅ {"{"}mention{"}"} 님 완료: **{"{"}task{"}"}**. 걸린 시간 {"{"}taken{"}"}, 제한 시간 {"{"}limit{"}"}.
failure-gentle = ⌛ {"{"}mention{"}"} 님, **{"{"}task{"}"}**의 시간이 다 됐어요 ({"{"}deadline{"}"}). 그럴 수 있어요. 다시 시작하면 돼요.
failure-plain = ❌ {"{"}mention{"}"} 님 실패: **{"{"}task{"}"}**. 마감 {"{"}deadline{"}"}, 제한 시간 {"{"}limit{"}"}.
failure-origin = -# 한국의 공부 모임에서 처음 쓰던 카드예요.
taken-back = ↩️ <@{ $user }> 님이 되돌렸어요. **{ $task }** 타임어택을 다시 진행해요.
reminder = ⏰ <@{ $user }> 님, **{ $task }** 마감: { $relative } ({ $time })
reminder-half = ⏳ <@{ $user }> 님, **{ $task }** 시간이 절반 지났어요. 마감: { $relative } ({ $time })
reminder-moved = ⏰ <@{ $user }> 님, **{ $task }** 새 마감: { $relative } ({ $time })
reminder-completed = ⏰ <@{ $user }> 님이 이 알림 뒤에 **{ $task }** 타임어택을 완료했어요.
reminder-failed = ⏰ <@{ $user }> 님, **{ $task }** 마감이 지났어요.
reminder-given-up = ⏰ <@{ $user }> 님이 이 알림 뒤에 **{ $task }** 타임어택을 포기했어요.
digest-title-reminders = 곧 마감인 타임어택 { $count }개
verdict-late = ⏰ 봇이 꺼져 있어서 늦게 올려요. 마감: <t:{ $deadline }:f>
given-up = 🏳️ <@{ $user }> 님이 **{ $task }** 타임어택을 포기했어요.
proof-kept = 📎 { $name } 파일을 결과와 함께 올려요.
proof-too-large = 📎 파일이 { $most }MB보다 커서 결과만 올려요. 파일은 채널에 직접 올려 주세요.
proof-not-allowed = 📎 이 채널에서는 파일을 올릴 권한이 없어서 결과만 올려요.
proof-unreadable = 📎 디스코드에서 파일을 받지 못해서 결과만 올려요. 파일은 채널에 직접 올려 주세요.
proof-no-room = 📎 올릴 파일이 너무 많이 밀려 있어서 결과만 올려요. 파일은 채널에 직접 올려 주세요.
proof-gone = 📎 파일이 더는 저장되어 있지 않아서 결과만 올려요. 파일은 채널에 직접 올려 주세요.
proof-late = 📎 { $name } 님의 인증: **{ $task }**
file-not-taken = 함께 올릴 파일이 있지만, 봇이 이 채널에 파일을 올릴 수 없어요.
button-new = 새 타임어택
digest-title = 타임어택 { $count }개의 결과
digest-title-alerts = 경고 { $count }개
alert-late = ⚠️ <#{ $channel }> 채널에 글이 늦어지고 있어요. 계속 시도할게요. ({ $why })
alert-refused = ⚠️ <#{ $channel }> 채널에 글을 올릴 수 없어요. `/setup check`로 확인해 주세요. ({ $why })
kept-for-you = 📬 어느 채널에도 올리지 못한 글이라 여기서 보여 드려요.
kept-for-you-direct = 📬 다이렉트 메시지로 보내지 못해서 여기서 보여 드려요.

# 타임어택.

started = ⏱️ <@{ $user }> 님이 **{ $task }** 타임어택을 시작했어요!
    마감: { $relative } ({ $time })
started-result-there = 📣 결과는 <#{ $channel }>에 올라가요.
started-result-nowhere = ⚠️ <#{ $channel }>에 글을 올릴 수 없어서, 결과는 다음에 명령어를 쓸 때 본인에게만 알려 드려요. 관리자는 `/setup check`로 이유를 볼 수 있어요.
started-again = ⏱️ **{ $task }** 타임어택은 방금 시작했으니 새로 시작하지 않을게요. 마감: { $relative } ({ $time })
started-completed = ✅ <@{ $user }> 님이 **{ $task }** 타임어택을 { $at }에 완료했어요.
started-failed = ⌛ <@{ $user }> 님이 **{ $task }** 타임어택을 마감({ $deadline })까지 완료하지 못했어요.
started-deleted = 🗑️ 본인이 지운 타임어택이에요.
started-given-up = 🏳️ <@{ $user }> 님이 **{ $task }** 타임어택을 { $taken } 만에 포기했어요.
completed = ✅ 잘했어요! **{ $task }** 타임어택을 완료했어요.
complete-which = 어느 것을 완료했나요?
extended = ⏰ <@{ $user }> 님이 **{ $task }** 타임어택을 { $by } 늘렸어요.
    새 마감: { $relative } ({ $time })
extensions-used = 연장: { $limit }번 중 { $used }번 사용
extend-done = ⏰ **{ $task }** 타임어택을 { $by } 늘렸어요.
extended-again = ⏰ **{ $task }** 타임어택은 방금 { $by } 늘렸어요. 같은 연장으로 칠게요. 마감: { $relative } ({ $time })
extend-which = 어느 것의 시간을 늘릴까요?
giveup-which = 어느 것을 포기할까요?
giveup-question = **{ $task }** 타임어택을 정말 포기할까요? 포기하면 모두에게 보여요. 마감: { $relative }
giveup-done = 🏳️ **{ $task }** 타임어택을 포기했어요. 다음에는 꼭 해내요!
undo-until = 잘못 눌렀나요? { $until }까지 되돌릴 수 있어요.
button-undo = 되돌리기
undone = ↩️ 되돌렸어요. **{ $task }** 타임어택을 다시 진행해요. 마감: { $relative }
undone-too-late = ↩️ 되돌렸어요. 하지만 그사이 **{ $task }** 마감이 지나서 실패로 남아요.
reminders-on = ⏰ 이 서버에서 마감 전에 알려 드릴게요.
reminders-off = 🔕 이 서버에서는 더 이상 마감을 알리지 않을게요. `/timeattack reminders on:True`로 다시 켤 수 있어요.
giveup-kept = 💪 좋아요, 계속 가 봐요!
which-placeholder = 타임어택을 골라 주세요
time-left = { $left } 남음
status-title = { $count ->
    [0] **{ $name }** 님은 진행 중인 타임어택이 없어요.
   *[other] **{ $name }** 님이 진행 중인 타임어택: { $count }개
}
status-running = 진행 중
status-newest = 최근 결과
history-empty = **{ $name }** 님은 아직 끝난 타임어택이 없어요.
history-title = **{ $name }** 님의 타임어택{ $pages ->
    [1] {""}
   *[other] {" "}({ $page }/{ $pages }쪽)
}
history-completed = { $limit } 중 { $taken } 만에 완료
history-failed = 실패, 제한 시간 { $limit }
history-cancelled = { $limit } 중 { $taken } 만에 포기
button-complete = 완료
button-extend = +{ $by }
button-giveup = 포기
button-keep = 계속하기
form-title = 새 타임어택
form-task = 무엇을 할 건가요?
form-limit = 얼마 동안, 또는 언제까지 할까요?
form-limit-example = 30분, 1시간 30분, 18시까지, 내일 오전 9시
button-fill-in-again = 다시 적기
day-today = 오늘
day-tomorrow = 내일
hint-past = { $at }: 이미 지났어요. 앞으로 올 시각을 적어 주세요

# 봇이 들어온 서버에 하는 첫인사.

greeting = 👋 **안녕하세요! 스스로 정한 마감을 지키게 도와 드려요.** 무엇을 언제까지 할지 말해 주세요. 제때 완료하면 모두에게 보이고, 실패해도 모두에게 보여요.
greeting-ask = 관리자는 여기서 바로 세 가지를 정할 수 있어요.
greeting-results = 📌 **결과:** { $where }
greeting-zone = 🕒 **시간대:** { $zone } ({ $offset })
greeting-zone-guessed = 🕒 **시간대:** { $zone } ({ $offset }). 서버 언어를 보고 짐작했어요. 날짜와 조용한 시간이 이 시간대를 따라요.
greeting-zone-vague = 🕒 **시간대:** { $zone } ({ $offset }). 짐작일 뿐이에요. 서버 언어를 쓰는 시간대가 여럿이니 직접 골라 주세요. 날짜와 조용한 시간이 이 시간대를 따라요.
greeting-language = 💬 **언어:** 한국어
greeting-more = 그다음 `/timeattack start`를 써 보세요. 다른 명령어는 `/help`에, 모든 설정은 `/setup show`에 있어요.
button-results-here = 결과를 여기에 올리기
button-zone = 시간대: { $place }
zone-ask = 이 서버의 시간대는 무엇인가요? 지금 시간대: { $zone }. 목록에 없으면 `/setup locale`에 도시, 나라, 시차를 적어 주세요.
zone-placeholder = 시간대 고르기

# 설정.

setup-saved = ✅ 설정을 저장했어요.
setup-zone-moved = 🗓️ 지금까지 { $before } 기준으로 센 날짜와 연속 기록은 그대로예요. 이제부터 새 시간대로 날짜를 세요.
setup-title = 설정
setup-none = 없음
setup-default = 기본 문구
setup-where-started = 타임어택을 시작한 채널
setup-results = **결과:** { $value }
setup-alerts = **운영 알림:** { $value }
setup-fallback = **예비 채널:** { $value }
setup-timezone = **시간대:** { $value }
setup-zone-guessed = { $zone } (서버 언어를 보고 짐작했어요. `/setup locale`로 바꿀 수 있어요)
setup-language = **언어:** { $value }
setup-quiet-hours = **조용한 시간:** { $value }
setup-reminders = **마감 알림:** { $value }
setup-running = **멤버당 동시 진행:** { $value }개
setup-longest = **가장 긴 제한 시간:** { $value }
setup-extensions = **타임어택 하나의 연장:** { $value }번
setup-style = **글의 문구:** { $value }
style-classic = 클래식 (처음 그대로)
style-gentle = 다정하게
style-plain = 사실만
preview-style = 문구: { $value }. 전에 직접 쓴 문구는 이것으로 바뀌어요.
setup-success = **완료 글:** { $value }
setup-failure = **실패 글:** { $value }
preview-title = 글이 이렇게 보여요. “저장”을 누르기 전에는 바뀌지 않아요.
preview-success = 완료
preview-failure = 실패
preview-task = 알고리즘 3문제 풀기
preview-cancelled = 아무것도 바꾸지 않았어요.
button-save = 저장
button-cancel = 취소
check-title = 점검
check-ok = ✅ { $channel }: 권한이 모두 있어요
check-missing = ❌ { $channel }: 이 권한을 주세요: { $missing }
check-locked = ❌ { $channel }: 잠긴 스레드예요. 잠금을 풀거나, “스레드 관리하기” 권한을 주거나, 다른 채널을 골라 주세요.
check-unseen = ❌ { $channel }: 볼 수 없는 채널이에요. “채널 보기” 권한을 주거나 다른 채널을 골라 주세요. ({ $why })
check-post = 🔧 테스트 메시지예요. 결과를 이 채널에 올릴 수 있어요.
check-posted = ✅ 테스트 메시지를 { $channel } 채널에 올렸어요
check-waiting = ⏳ { $channel } 채널의 테스트 메시지가 아직 올라가지 않았어요. 계속 시도할게요
check-refused = ❌ { $channel } 채널에서 테스트 메시지를 거절했어요 ({ $why })
permission-view = “채널 보기”
permission-send = “메시지 보내기”
permission-threads = “스레드에서 메시지 보내기”
permission-embed = “링크 첨부”
permission-attach = “파일 첨부”
permission-connect = “연결”
permission-history = “메시지 기록 보기”

# 다이렉트 메시지.

consent-notice = 이 서버의 DM 받기: 내 결과, 마감 알림, 서버 공지
consent-ads = 다이렉트 메시지로 받는 광고
consent-night = 야간에도 받기 (21:00–08:00 또는 서버의 조용한 시간)
consent-result = 📄 **{ $sender }** · { $date }
    다이렉트 메시지에 대한 의사가 다음과 같이 처리되었습니다:
    { $facts }
    서버에서 `/dm allow`와 `/dm stop`으로 언제든지 바꿀 수 있습니다.
consent-renewal = 📄 **{ $sender }** · { $date }에 다음에 동의하셨습니다:
    { $facts }
    계속 받으시려면 “유지”를 누르거나 그대로 두세요. 철회하시려면 “그만 받기”를 누르거나 서버에서 `/dm stop`을 쓰세요. 모두 무료입니다.
dm-stop-button = 그만 받기
dm-keep-button = 유지
dm-digest = 📬 조용한 시간에 온 메시지 { $count }개:
dm-failed = 😢 **{ $task }** 시간이 <t:{ $deadline }:f>에 끝났어요 (<#{ $channel }>). `/timeattack start`로 다시 시작해 보세요!
dm-completed = 🎉 약속을 지켰어요: **{ $task }** (<#{ $channel }>). 이 서버에서 지금까지 { $count }개를 완료했어요.
dm-given-up = 🏳️ **{ $task }** 타임어택을 { $taken } 만에 포기했어요 (<#{ $channel }>).
dm-taken-back = ↩️ 되돌렸어요. **{ $task }** 타임어택을 다시 진행해요. 마감: <t:{ $deadline }:f> (<#{ $channel }>)
dm-reminder = ⏰ **{ $task }** 마감: <t:{ $deadline }:R> (<t:{ $deadline }:T>, <#{ $channel }>)
dm-corrected = ⚖️ 관리자가 **{ $task }** 결과를 바로잡았어요 (<#{ $channel }>): { $from } → { $to }. 이유: { $reason }
dm-result-corrected = ⚖️ **{ $task }** (<#{ $channel }>): 결과가 { $to }(으)로 정정됐어요.
dm-reminder-completed = ⏰ 이 알림 뒤에 **{ $task }** 타임어택을 완료했어요 (<#{ $channel }>).
dm-reminder-failed = ⏰ **{ $task }** 시간이 <t:{ $deadline }:f>에 끝났어요 (<#{ $channel }>).
dm-reminder-given-up = ⏰ 이 알림 뒤에 **{ $task }** 타임어택을 포기했어요 (<#{ $channel }>).
dm-turned-round = 🎉 제때 눌렀으니 **{ $task }** 타임어택은 완료로 쳐요 (<#{ $channel }>).
this-server = 이 서버
dm-recorded = 📄 **{ $sender }** · { $at }
    다음과 같이 처리했고, 지금부터 적용돼요:
    { $facts }
dm-unchanged = 바뀐 것이 없어요.
dm-is-on = 이 서버의 다이렉트 메시지를 받고 있어요. `/dm stop`이나 메시지 아래 버튼으로 바로 그만 받을 수 있어요.
dm-is-off = 이 서버의 다이렉트 메시지를 받지 않아요. 받으려면 `/dm allow`를 쓰세요.
dm-offer = 📬 결과를 DM으로 받을까요? 이 서버의 마감 알림과 공지도 함께 켜져요.
    -# { $what }. `/dm stop`으로 언제든지 무료로 그만 받을 수 있어요.
dm-offer-yes = 네, 보내 주세요
dm-offer-no = 아니요
dm-status = 📬 이 서버의 다이렉트 메시지
dm-status-on = ✅ { $what } ({ $since }부터)
dm-status-off = ▫️ { $what }: 동의하지 않음
started-whose-clock = 🕗 “{ $typed }”: 내 시간대({ $zone })의 시각으로 읽었어요: <t:{ $at }:F>. 서버 시간대: { $server }
timezone-set = 🕗 이제 내 시간대: **{ $zone }** (지금 { $time }, { $offset }). 적는 시각, 야간, 내 그림이 이 시간대를 따라요.
timezone-own = 🕗 내 시간대: **{ $zone }** (지금 { $time }, { $offset }). 서버 시간대: { $server }. `/timezone zone:서버`로 서버 시간대로 돌아갈 수 있어요.
timezone-cleared = 🕗 다시 서버 시간대를 따라요: **{ $zone }** (지금 { $time }, { $offset }).
timezone-server = 🕗 따로 정한 시간대가 없어요. 서버 시간대: **{ $zone }** (지금 { $time }, { $offset }). `/timezone zone:`으로 내 시간대를 정할 수 있어요.
timezone-choice-server = 서버 시간대: { $zone } · { $time }
dm-status-zone = 🕗 야간은 { $zone } 기준이에요.
dm-status-waiting = 아침까지 대기 중인 메시지가 { $count }개 있어요.
dm-status-closed = ⚠️ { $since }부터 디스코드가 제 메시지를 거절하고 있어요. 서버의 개인정보 설정에서 다이렉트 메시지를 허용한 뒤 `/dm allow`를 써 주세요.

# 공지.

announce-kind-notice = 공지
announce-kind-ad = 광고
announce-preview = 이렇게 보여요. 확인을 누르기 전에는 아무것도 보내지 않아요.
announce-now = { $count ->
    [0] ▫️ 지금 받는 사람이 없어요
   *[other] 📨 지금 받는 사람: **{ $count }**명
}
announce-morning = 🌙 야간이 끝나면 받는 사람: **{ $count }**명 ({ $at }부터)
announce-no-ads = ▫️ 메시지는 받지만 광고는 받지 않음: { $count }명
announce-left = ▫️ 서버를 나감: { $count }명
announce-closed = ▫️ DM 수신을 꺼 둠: { $count }명
announce-without-role = ▫️ 역할이 없음: { $count }명
announce-refused = ▫️ 그만 받거나 거절함: { $count }명
announce-send = { $count }명에게 보내기
announce-stop = 멈추기
announce-sending = 📣 공지를 보내고 있어요.
announce-done = ✅ 공지를 다 보냈어요.
announce-cancelled = 🛑 공지를 취소했어요.
announce-sent = 📨 발송 완료: { $count }
announce-waiting = ⏳ 대기 중: { $count }
announce-held = 🌙 아침까지 보류: { $count }
announce-undelivered = ❌ 디스코드가 거절함: { $count }
announce-withdrawn = ▫️ 동의를 철회해 제외: { $count }
announce-stopped = 🛑 보내지 않음: { $count }
button-refresh = 새로 고침

# 대기열과 개인정보.

queue-title = 발송 대기 목록
queue-empty = ✅ 대기 중인 것이 없어요.
queue-lane-post = 게시글 { $count }개:
queue-lane-edit = 수정 { $count }개:
queue-lane-dm = 다이렉트 메시지 { $count }개:
queue-running = 보내는 중
queue-next = 다음 차례
queue-planned = 예정, 가장 이른 것은 { $at }
queue-quiet = { $zone } { $time }까지 보류: 야간 수신에 동의하지 않음
queue-opening = { $at }까지 보류: 디스코드가 새 DM 속도를 제한하는 중
queue-retry = { $at }에 다시 시도 ({ $why })
queue-parked-count = ⚠️ 보내지 못한 것: { $count }개. `/queue parked`를 보세요.
queue-dropped-expired = ▫️ 이번 주에 너무 오래돼 보내지 않은 것: { $count }개
queue-dropped-not-allowed = ▫️ 이번 주에 동의를 철회해 보내지 않은 것: { $count }개
queue-dropped-cancelled = ▫️ 이번 주에 취소해 보내지 않은 것: { $count }개
queue-parked-title = 보내지 못한 것
queue-parked-empty = ✅ 보내지 못한 것이 없어요.
queue-parked-hint = `/queue retry`로 다시 보내고 `/queue discard`로 목록에서 지워요. 보내지 못한 결과와 공지는 그 멤버가 다음에 명령어를 쓸 때 보여 줘요.
queue-parked-dm = 다이렉트 메시지
queue-retried = 🔁 다시 보내 볼게요. `/queue status`를 보세요.
queue-discarded = 🗑️ 목록에서 지웠어요.
privacy-exported = 📦 이 서버에 저장된 내 정보를 모두 이 파일에 담았어요. 시각은 1970년부터의 밀리초(UTC)예요.
privacy-delete-question = 이 서버에 저장된 내 정보: 타임어택 **{ $attacks }**개{ $running ->
    [0] {""}
   *[other] (진행 중 { $running }개)
}, 나에 대한 메시지 **{ $messages }**개, 다이렉트 메시지에 대한 의사 표시 **{ $decisions }**개.
    모두 지울까요? 되돌릴 수 없어요. 진행 중인 타임어택은 알림 없이 종료되고, DM도 더는 보내지 않아요. 디스코드에 이미 올라간 글은 그대로 남아요.
privacy-deleted = 🗑️ 타임어택 { $attacks }개, 메시지 { $messages }개, 의사 표시 { $decisions }개를 지웠어요. 이제 이 서버에 저장된 내 정보가 없어요.
privacy-kept = 👍 아무것도 지우지 않았어요.
button-delete-all = 모두 지우기

# 구독자.

import-preview = 이 파일을 가져오면 이렇게 돼요. 아직 바뀐 것은 없어요.
import-nothing = 이 파일에는 가져올 수 있는 것이 없어서 아무것도 바뀌지 않아요.
import-counts = 📇 **{ $good }**줄: 새 구독자 { $new }명, 기존 구독자 { $known }명 (파일 내용으로 바뀌어요)
import-consents = ✍️ 광고 수신에 동의한 { $count }명
import-suppressed = 🔕 수신거부했거나 차단된 { $count }명. 가져와도 그대로예요
import-faulty = ⚠️ 가져오지 않는 줄 { $count }개:
import-fault = { $line }번째 줄: { $what }
fault-fields = 칸 수가 첫 줄과 달라요
fault-email = 올바른 메일 주소가 아니에요
fault-name = 이름이 200자를 넘거나 여러 줄이에요
fault-value = “{ $column }” 칸이 너무 길어요(500자까지)
fault-consent-incomplete = consent_at, consent_source, consent_wording을 모두 채우거나 모두 비워 주세요
fault-consent-time = consent_at은 2026-01-31이나 2026-01-31 18:00 같은 지난 시각이어야 해요
fault-repeated = 앞줄에 있는 주소예요
button-import = { $count }명 가져오기
import-under-way = ⏳ 구독자를 가져오고 있어요. 다 가져올 때까지 명단은 그대로이고, 끝나면 한꺼번에 바뀌어요.
import-done = ✅ 가져왔어요. 새로 { $added }명, 바뀐 { $replaced }명.
import-cancelled = 👍 아무것도 가져오지 않았어요.
subscriber-added = ✅ { $email } 주소를 구독자로 추가했어요.
subscriber-changed = ✅ { $email } 주소는 이미 구독자예요. 적어 주신 것만 바꾸고 나머지는 그대로 두었어요.
subscriber-removed = 🗑️ { $email } 주소를 지웠어요.
subscriber-suppressed = 🔕 { $email } 주소를 지우고 차단했어요. 다시 가져와도 보내지 않아요. `/subscriber add`로 차단을 풀 수 있어요.
subscriber-is-none = ▫️ 지금은 구독자가 아니에요.
subscriber-named = **이름:** { $name } ({ $since }부터)
subscriber-consent = ✍️ 광고 수신 동의 { $at } ({ $source }): { $wording }
subscriber-without-consent = ▫️ 광고 수신에 동의한 기록이 없어요.
suppressed-all = 🔕 아무것도 보내지 않아요: { $reason } ({ $since })
suppressed-ads = 🔕 광고를 보내지 않아요: { $reason } ({ $since })
suppressed-unsubscribed = 수신거부했어요
suppressed-bounced = 없는 주소라고 메일 서버가 답했어요
suppressed-complained = 스팸으로 신고했어요
suppressed-by-hand = 관리자가 차단했어요
subscribers-none = 아직 구독자가 없어요. `/subscriber add`나 `/subscriber import`로 추가해 주세요.
subscribers-title = 📇 구독자 { $count }명, 그중 차단 { $suppressed }명{ $pages ->
    [1] {""}
   *[other] {" "}({ $page }/{ $pages }쪽)
}
subscribers-exported = 📇 모든 구독자와, 보내지 않는다면 그 이유예요. `consents.csv`에는 지금까지의 모든 동의와 거부 기록이 있어요. 시각은 UTC예요.

# 한 메시지에 다 담기지 않는 파일.

files-in-messages = 📎 파일은 모두 { $files }개이고, 이 메시지부터 { $messages }개의 메시지에 나눠 보내요.
files-part = 📎 메시지 { $parts }개 중 { $part }번째예요.
files-missing = ⚠️ 파일이 든 메시지 { $messages }개를 보내지 못했어요. 빠진 것이 있으니 다시 요청해 주세요.

# 도움말.

menu-start-with = 이 메시지로 타임어택 시작
help-title = 여기서 할 수 있는 것
help-placeholder = 주제별로 모든 명령어 보기
help-topic-timeattacks = 타임어택
help-topic-timeattacks-about = 시작하기, 완료하기, 늘리기, 포기하기
help-topic-records = 결과와 통계
help-topic-records-about = 내 기록, 순위표, 반년을 담은 그림
help-topic-you = 나의 설정
help-topic-you-about = 내 시간대, 다이렉트 메시지, 마감 알림, 저장된 내 정보
help-topic-setup = 이 서버의 설정
help-topic-setup-about = 채널, 시간대, 언어, 제한, 조용한 시간, 글의 문구
help-topic-mail = 구독자에게 보내는 이메일
help-topic-mail-about = 구독자, 템플릿, 캠페인
help-topic-server = 서버 운영
help-topic-server-about = 공지, 결과 바로잡기, 보내지 못한 메시지
help-menu = 메시지에서: *앱* → **이 메시지로 타임어택 시작**
help-more = -# 다른 명령어는 아래 메뉴에 있어요. 하나를 자세히 보려면 `/help command:`를 쓰세요.
help-option = **{ $name }** — { $about }
help-option-optional = **{ $name }** (선택) — { $about }
help-needs-manager = -# “서버 관리하기” 권한이 필요해요.
help-timeattack-start = 옵션을 비워 두면 입력 창이 열려요. 마감까지 완료하지 못하면 모두에게 보여요. 예: `/timeattack start task:책 20쪽 읽기 limit:45분`
help-timeattack-complete = 봇이 답한 때가 아니라 누른 때가 기준이에요. `attack`을 비우면 진행 중인 것을 완료해요. 잘못 눌렀다면 30초 안에 되돌릴 수 있어요.
help-timeattack-status = 진행 중인 것과 최근 결과를 나에게만 보여 줘요.
help-timeattack-giveup = 먼저 물어봐요. 잘못 눌렀다면 30초 안에 되돌릴 수 있어요.
help-timeattack-extend = 서버가 정한 횟수만큼 늘릴 수 있어요(`/setup limits`). 예: `/timeattack extend by:10분`
help-timeattack-history = 끝난 타임어택을 모두, 나에게만, 한 쪽씩 보여 줘요.
help-timeattack-leaderboard = 채널의 모두가 볼 수 있어요. 많이 완료한 순서, 같으면 성공률이 높은 순서, 그다음은 먼저 이룬 순서예요. 날짜는 서버의 시간대를 따르고, 한 주는 월요일에 시작해요. 예: `/timeattack leaderboard period:이번 달`
help-timeattack-stats = 채널의 모두가 볼 수 있어요: 반년의 하루하루, 성공률, 연속 기록. 봇이 꺼져 있을 때 지난 마감은 세지 않고, 그런 날은 연속 기록을 끊지 않아요.
help-timeattack-reminders = 시작한 채널에서 알려 드리고, 다이렉트 메시지에 동의했다면 DM도 보내요. 조용한 시간에는 소리가 나지 않아요.
help-timezone = 적는 시각, 야간, 내 그림이 이 시간대를 따라요. 모두가 보는 것은 서버 시간대를 따라요. 예: `/timezone zone:서울`
help-dm-allow = 동의 없이는 아무것도 보내지 않아요. 메시지마다 있는 버튼으로 모두 멈출 수 있어요. 예: `/dm allow night:False`
help-dm-stop = 바로 멈춰요. 이미 대기 중이던 것도 보내지 않아요.
help-dm-status = 무엇에 언제 동의했고, 아침까지 대기 중인 메시지가 몇 개인지 보여 줘요.
help-privacy-export = 나만 볼 수 있는 JSON 파일 하나예요.
help-privacy-delete = 얼마나 되는지 보여 주고 먼저 물어봐요. 되돌릴 수 없고, 진행 중인 타임어택은 알림 없이 종료돼요.
help-help = `command`를 비우면 먼저 쓸 것과, 주제별로 모든 명령어를 보는 메뉴가 나와요. 명령어를 누르면 바로 쓸 수 있어요.
help-announce = 다이렉트 메시지에 동의한 사람만, 야간이 아닐 때 받아요. 보내기 전에 내용과 받을 사람 수를 보여 줘요.
help-queue-status = 메시지 종류별로 대기하는 이유와 보낼 시각을 보여 줘요.
help-queue-parked = 보내지 못한 메시지를 `retry`와 `discard`에 쓸 번호와 함께 보여 줘요.
help-queue-retry = 새 메시지처럼 다시 보내요.
help-queue-discard = 목록에서 지우고 다시 보내지 않아요.
help-correct = 끝난 것만 바로잡을 수 있어요. 이유와 함께 모두에게 알리고, 누가 했는지 기록에 남아요. 예: `/correct attack:… verdict:완료 reason:메일로 인증함`
help-setup-channels = 결과 채널을 정하지 않으면 시작한 채널에 결과를 올려요. 적지 않은 것은 그대로 두고, `clear`로 채널을 비울 수 있어요. 포럼이나 미디어 채널에는 바로 올릴 수 없으니 그 안의 게시글을 골라 주세요. 권한은 `/setup check`로 확인하세요.
clear-results = 결과: 시작한 채널에 올리기
clear-alerts = 운영 알림: 올리지 않기
clear-fallback = 예비 채널: 쓰지 않기
help-setup-locale = 날짜, 조용한 시간, 시각이 이 시간대를 따라요. 예: `/setup locale timezone:Asia/Seoul language:한국어`
help-setup-limits = 비워 둔 것은 그대로예요. 예: `/setup limits running:3 longest:12시간`
help-setup-quiet-hours = 결과는 제때 소리 없이 올리고, 다이렉트 메시지는 아침까지 기다려요. 예: `/setup quiet-hours start:22:00 end:07:30`
help-setup-messages = 쓸 수 있는 필드: {"{"}mention{"}"}, {"{"}name{"}"}, {"{"}task{"}"}, {"{"}date{"}"}, {"{"}deadline{"}"}, {"{"}limit{"}"}, {"{"}taken{"}"}, {"{"}left{"}"}. `style:`로 두 글의 문구를 한 번에 고를 수 있어요. 저장하기 전에 둘 다 미리 보여 줘요.
help-setup-reminders = 쉼표로 나누어 다섯 개까지예요. 짧은 타임어택에 어울리지 않는 것은 빼요. 예: `/setup reminders at:50%, 10분, 1분`
help-setup-show = 바꾼 적 없는 것까지 모든 설정을 보여 줘요.
help-setup-check = 채널마다 권한을 살피고, 테스트 메시지를 하나 올려요.
help-subscriber-import = 첫 줄은 열 이름이에요: email, name, consent_at, consent_source, consent_wording. 나머지는 템플릿에서 쓸 수 있는 속성이에요. UTF-8과 CP949를 읽어요. 수신거부한 사람은 가져와도 되살아나지 않아요.
help-subscriber-add = 예: `/subscriber add email:mina@example.com name:미나 attributes:city=서울`
help-subscriber-remove = `suppress:True`면 주소를 차단해서, 다시 가져와도 보내지 않아요.
help-subscriber-show = 속성과 동의 기록, 보내지 않는다면 그 이유를 보여 줘요.
help-subscriber-list = 주소 순이에요. 🔕는 차단했거나 광고를 받지 않는 사람이에요.
help-subscriber-export = 동의 기록과 이유까지 담아요. 수식으로 읽힐 칸은 작은따옴표로 시작해요.

# 날, 연속 기록, 순위.

weekday = { $weekday ->
    [1] 월
    [2] 화
    [3] 수
    [4] 목
    [5] 금
    [6] 토
   *[7] 일
}
month = { $month }월
day-of-week = { $month } { $day }일 ({ $weekday })
day-of-year = { $year }년 { $month } { $day }일 ({ $weekday })
date = { $year }년 { $month } { $day }일
day-count = { $count }일
streak-line = 🔥 연속 **{ $current }** · 최장 **{ $longest }**
book-title = **{ $name }** 님의 하루하루{ $pages ->
    [1] {""}
   *[other] {" "}({ $page }/{ $pages }쪽)
}
book-counted = 연속 { $streak }일째
book-passed-over = 봇이 { $away } 동안 꺼져 있었음 · 건너뜀
book-open = 연속 { $streak }일, 자정까지 이어 갈 수 있음
book-today = 아직 완료 없음
book-broken = 연속 { $streak }일에서 끝남
book-nothing = 완료 없음
book-legend = ✅ 완료 · ❌ 실패 · 💤 봇이 꺼져 있을 때 지난 마감 (세지 않음) · 🏳️ 포기
button-by-day = 날짜별로
button-one-by-one = 하나씩
leaderboard-week = 🏆 이번 주 순위
leaderboard-month = 🏆 이번 달 순위
leaderboard-all = 🏆 전체 기간 순위
leaderboard-days = { $from } – { $to } · { $zone } · { $members }명
leaderboard-left = 서버를 나간 멤버
leaderboard-line = { $rank } **{ $name }** · **{ $completed }**개 완료 · 성공률 { $rate }% · 최장 연속 { $streak }
leaderboard-own = **{ $name }** 님의 순위: **{ $rank }** ({ $members }명 중)
leaderboard-none = **{ $name }** 님은 이 기간에 아직 완료한 것이 없어요.
leaderboard-empty = 이 기간에는 아직 아무도 타임어택을 완료하지 않았어요. `/timeattack start`로 첫 주자가 되어 보세요!
leaderboard-page = { $page }/{ $pages }쪽
period-week = 이번 주
period-month = 이번 달
period-all = 전체 기간

# 결과 정정.

verdict-completed = 완료
verdict-failed = 실패
verdict-cancelled = 포기
correct-done = ⚖️ 바로잡았어요: { $name } 님의 **{ $task }** 결과가 { $from }에서 { $to }{ JOSA($to, "으로/로") } 바뀌었고, 모두에게 알려요.
correction-post = ⚖️ <@{ $user }> 님, 결과 정정: **{ $task }** { $from } → { $to }. 이유: { $reason }
correction-line = ⚖️ 정정: { $to }. 이유: { $reason }
correction-alert = ⚖️ { $by } 님이 { $name } 님의 **{ $task }** 결과를 바로잡았어요: { $from } → { $to }. 이유: { $reason }
correction-alert-own = ⚖️ { $by } 님이 자신의 **{ $task }** 결과를 바로잡았어요: { $from } → { $to }. 이유: { $reason }
history-corrected = ⚖️ { $by } 님이 정정함: { $reason }
history-corrected-by-admin = ⚖️ 관리자가 정정함: { $reason }

# 기록 그림.

stats-title = 📊 **{ $name }** 님의 타임어택
stats-subtitle = 타임어택 · { $date }
stats-nobody = 멤버
stats-completed = 완료
stats-rate = 성공률
stats-current = 현재 연속
stats-longest = 최장 연속
stats-usual = 평소 걸리는 시간
stats-of = 실패 { $failed } · 포기 { $givenup }
stats-none = –
stats-less = 적음
stats-more = 많음
stats-failed-only = 실패만 한 날
stats-away = 봇이 꺼진 날
stats-empty = 아직 끝난 타임어택이 없어요. /timeattack start로 시작해 보세요
stats-alt = { $name } 님의 기록, { $date }. 완료 { $completed }개, 실패 { $failed }개, 포기 { $givenup }개, 성공률 { $rate }. 지금 연속 { $current }, 최장 연속 { $longest }, 평소 걸리는 시간 { $usual }. 최근 26주 동안 완료한 날 { $daysdone }, 실패만 한 날 { $daysfailed }, 봇이 꺼져 있던 날 { $daysaway }.

## Templates of mails, and campaigns

error-mail-template-unknown = 그런 이름의 템플릿이 없어요. `/template list`에서 확인해 주세요.
error-mail-no-sender = 이 봇은 아직 메일을 보낼 수 없어요. 봇 운영자가 `MAIL_FROM`을 `이름 <address@example.org>` 형식으로 설정해야 해요.
error-campaign-unknown = 그런 이름의 캠페인이 없어요. `/campaign list`에서 확인해 주세요.

## Pages of the HTTP server

page-nothing-here = 여기에는 아무것도 없어요
page-refused = 처리할 수 없는 요청이에요
page-busy = 지금은 요청이 너무 많아요. 잠시 뒤에 다시 시도해 주세요
page-failed = 처리하지 못했어요
page-failed-more = 몇 분 뒤에 다시 시도해 주세요. 또 실패하면 봇 운영자에게 이 번호를 알려 주세요: { $id }
page-server = 디스코드 서버

# Leaving the list, by the link in a mail.

unsubscribe-ask = 메일을 그만 받으시겠어요?
unsubscribe-ads = 광고 메일 그만 받기
unsubscribe-all = 이 서버의 모든 메일 그만 받기
unsubscribe-nothing-yet = 버튼을 누르기 전에는 아무것도 바뀌지 않아요.
unsubscribe-is-test = 이 메일은 테스트예요. 링크를 눌러도 바뀌는 것이 없어요.
unsubscribe-tested = 링크가 잘 동작해요
unsubscribe-done-ads = 이제 광고 메일을 보내지 않아요
unsubscribe-done-all = 이제 메일을 보내지 않아요
unsubscribe-result-ads = 광고성 정보 수신거부를 처리했어요. 발송 대기 중이던 광고도 보내지 않아요. 안내 메일은 갈 수 있어요.
unsubscribe-result-all = 수신거부를 처리했어요. 발송 대기 중이던 메일도 보내지 않아요.
unsubscribe-sender = 보낸 사람
unsubscribe-address = 받는 주소
unsubscribe-date = 수신거부 일시
unsubscribe-unknown = 사용할 수 없는 링크예요
unsubscribe-unknown-more = 링크가 잘렸거나 메일이 너무 오래됐을 수 있어요. 더 최근 메일의 링크를 열거나, 메일에 답장하거나, 디스코드 서버의 관리자에게 말해 주세요. 관리자가 수신거부를 처리해 드릴 수 있어요.
## 캠페인: `/campaign`

cmd-campaign = 구독자에게 보내는 메일 (서버 관리하기 권한 필요)
cmd-campaign-create = 캠페인을 만들어요: 템플릿과 받을 사람. 아직 아무것도 보내지 않아요
cmd-campaign-create-name = 캠페인 이름
cmd-campaign-create-template = 메일의 템플릿
cmd-campaign-create-segment = 받을 사람: gender = "Female" and joined >= 2026-01-01. 비워 두면 모두
cmd-campaign-create-kind = 공지 또는 광고. 비워 두면 광고
cmd-campaign-preview = 받는 사람 세 명의 메일을 미리 보고, 첫 메일은 파일로 받아요
cmd-campaign-preview-name = 어느 캠페인인가요?
cmd-campaign-test = 주소 하나로 테스트 메일을 보내요
cmd-campaign-test-name = 어느 캠페인인가요?
cmd-campaign-test-email = 받을 주소
cmd-campaign-send = 모든 메일이 문제없이 만들어지는지 확인하고, 버튼을 누르면 보내요
cmd-campaign-send-name = 어느 캠페인인가요?
cmd-campaign-schedule = 모든 메일이 문제없이 만들어지는지 확인하고, 정한 때에 보내요
cmd-campaign-schedule-name = 어느 캠페인인가요?
cmd-campaign-schedule-at = 서버의 시간대로 언제: 내일 오전 9시, 2026-12-01 18:00, 2시간 뒤
cmd-campaign-pause = 캠페인을 잠시 멈춰요
cmd-campaign-pause-name = 어느 캠페인인가요?
cmd-campaign-resume = 멈춘 캠페인을 이어서 보내요
cmd-campaign-resume-name = 어느 캠페인인가요?
cmd-campaign-cancel = 캠페인의 남은 메일을 보내지 않아요
cmd-campaign-cancel-name = 어느 캠페인인가요?
cmd-campaign-status = 캠페인이 얼마나 진행됐는지 보여 줘요
cmd-campaign-status-name = 어느 캠페인인가요?
cmd-campaign-list = 캠페인을 모두 보여 줘요
cmd-campaign-report = 캠페인의 결과를 받는 사람마다 한 줄씩 보여 줘요
cmd-campaign-report-name = 어느 캠페인인가요?
cmd-campaign-retry-failed = 실패한 메일을 다시 보내요
cmd-campaign-retry-failed-name = 어느 캠페인인가요?

error-campaign-name = 캠페인의 이름은 한 줄로 1자부터 { $most }자까지예요.
error-campaign-name-taken = 이 이름의 캠페인은 이미 보냈거나 곧 보내요. 다른 이름을 골라 주세요.
error-campaign-too-many = 이 서버의 캠페인이 { $most }개예요. 더 만들 수 없어요.
error-campaign-not-allowed = 이 서버는 메일을 보낼 수 없어요. 어느 서버가 보낼 수 있는지는 봇 운영자가 정해요(`MAIL_GUILDS`). 운영자에게 물어봐 주세요.
error-campaign-nobody = 받을 사람이 없어요. 조건에 맞지 않음 { $segment }명, 수신거부 또는 반송 { $suppressed }명, 광고 동의 없음 { $noconsent }명. 조건을 바꾸거나 구독자를 더 가져와 주세요.
error-campaign-recipient = 아무것도 보내지 않았어요. { $address } 주소로 보낼 메일을 만들 수 없어요. { $what }
error-campaign-slow = 아무것도 보내지 않았어요. 메일을 만드는 데 너무 오래 걸려요. 템플릿을 더 단순하게 고쳐(반복문을 살펴봐 주세요) 다시 저장한 뒤 시도해 주세요.
error-campaign-begun = 이 캠페인은 이미 시작됐거나 예약됐고, 캠페인은 한 번만 보내요. `/campaign status`로 상태를 볼 수 있어요. 다시 보내려면 새로 만들고, 예약한 시각을 바꾸려면 먼저 `/campaign cancel`로 취소해 주세요.
error-campaign-not-sending = 이 캠페인은 보내는 중이 아니에요. `/campaign status`로 상태를 볼 수 있어요.
error-campaign-not-paused = 이 캠페인은 멈춰 있지 않아요. `/campaign status`로 상태를 볼 수 있어요.
error-campaign-nothing-to-cancel = 취소할 것이 없어요. 확정하지 않았거나 이미 끝났어요.
error-campaign-not-begun = 이 캠페인은 아직 아무것도 보내지 않았어요. `/campaign send`로 무엇을 보낼지 볼 수 있어요.
error-campaign-cancelled = 이 캠페인은 취소돼서 더 보내지 않아요. 다시 보내려면 새로 만들어 주세요.
error-campaign-nothing-failed = 이 캠페인에는 실패한 메일이 없어요.
error-campaign-forgotten = 개인정보를 필요한 동안만 보관하려고, 이 캠페인의 메일 내용은 끝나고 { $days }일이 지나 지웠어요. 실패한 메일은 `/campaign create`로 새 캠페인을 만들어 보내 주세요. 누구에게 가지 못했는지는 `/campaign report`에 그대로 남아 있어요.
error-campaign-test-suppressed = { $address } 주소에는 테스트 메일도 보내지 않아요. 이유는 `/subscriber show`로 볼 수 있어요. 다른 주소를 적어 주세요.
error-campaign-too-many-tests = 한 시간 동안 테스트 메일을 { $most }통 보냈어요. 잠시 뒤에 다시 해 주세요.

fault-mail-field = 구독자에게 “{ $field }” 속성이 없어요. `/subscriber add`나 가져오기로 넣거나, 템플릿에 기본값을 정해 주세요: {"`{{"} { $field } | default("…") {"}}`"}.
fault-mail-other = { $why }
fault-ad-mark-missing = 광고의 제목은 `(광고)`로 시작해야 해요. 템플릿의 제목에 넣어 주세요.
fault-ad-mark-brackets = 제목은 정확히 `(광고)`로 시작해야 해요. 다른 괄호나 기호는 쓸 수 없어요.
fault-ad-mark-broken = 제목은 정확히 `(광고)`로 시작해야 해요. 글자 사이에 아무것도 넣지 마세요.
fault-ad-mark-space = 제목은 `(광고)`로 시작해야 해요. 앞의 빈칸을 지워 주세요.
fault-ad-mark-late = 제목은 `(광고)`로 시작해야 해요. 앞에 있는 것을 지워 주세요.
fault-ad-mark-twice = 제목에 `(광고)`가 두 번 있어요. 한 번만 써 주세요.
fault-ad-name = 광고의 본문에는 보내는 곳의 이름이 있어야 해요. 서버의 이름이나 메일의 보낸 사람 이름을 써 주세요.
fault-ad-contact = 광고의 본문에는 보내는 곳의 연락처가 있어야 해요. 메일 주소나 전화번호를 써 주세요.
fault-ad-link = 광고의 본문에는 수신거부 링크가 있어야 해요: {"`{{ unsubscribe_url }}`"}.
fault-ad-korean = 광고의 본문에서 수신거부 링크에 ‘수신거부’라는 말이 있어야 해요.
fault-ad-english = 광고의 본문에서 수신거부 링크에 ‘unsubscribe’라는 말이 있어야 해요.
fault-ad-paste = 이름과 연락처를 바꿔 템플릿의 끝에 붙여 넣어 주세요.
    {"```html"}
    {"<p>보낸 곳: 이름 · 문의: you@example.org<br>"}
    {"<a href=\"{{ unsubscribe_url }}\">무료 수신거부 / Unsubscribe</a></p>"}
    {"```"}
fault-segment-long = 조건은 { $most }자까지예요.
fault-segment-deep = 괄호와 `not`은 { $most }겹까지예요.
fault-segment-expected = 조건의 { $at }번째 글자: “{ $found }” 자리에 올 것: { $expected }
fault-segment-end = 조건이 { $at }번째 글자에서 끝났어요. 여기에 올 것: { $expected }
fault-segment-unclosed = 조건의 { $at }번째 글자에서 시작한 따옴표가 닫히지 않았어요.
fault-segment-value = 조건의 { $at }번째 글자: “{ $found }” 값은 숫자도 날짜도 아니에요. 글은 "서울"처럼 따옴표 안에, 날짜는 2026-01-01처럼 써 주세요.
fault-segment-field = “{ $name }” 속성을 가진 구독자가 없어요. `/subscriber show`로 어떤 속성이 있는지 볼 수 있어요.
fault-segment-field-nearest = “{ $name }” 속성을 가진 구독자가 없어요. 혹시 “{ $nearest }”인가요?
segment-expected-field = 속성의 이름
segment-expected-comparison = 비교(`=`, `!=`, `<`, `<=`, `>`, `>=`, `contains`, `in`, `is empty`)
segment-expected-value = 값(따옴표 안의 "글", 숫자, 2026-01-01 같은 날짜)
segment-expected-open = `(`
segment-expected-close = `)`
segment-expected-comma = `,` 또는 `)`
segment-expected-empty = `empty` 또는 `not empty`
segment-expected-end = `and`, `or` 또는 끝

campaign-created = 📝 **{ $name }** 캠페인을 만들었어요. 아직 아무것도 보내지 않았어요. `/campaign preview`로 미리 보고, `/campaign test`로 테스트한 다음 `/campaign send`로 보내세요.
campaign-segment = 🔎 받을 사람: { $segment }
campaign-is-ad = ⚖️ 광고로 다뤄요. 동의가 기록된 사람에게만 가고, 제목은 `(광고)`로 시작하며, 본문에 보내는 곳의 이름과 연락처, 수신거부 방법이 있어야 해요.
campaign-audience = 👥 받는 사람: **{ $count }**명
campaign-left-out-segment = ▫️ 조건에 맞지 않아 제외: { $count }명
campaign-left-out-suppressed = 🔕 수신거부 또는 반송으로 제외: { $count }명
campaign-left-out-consent = 🔕 광고 동의가 없어 제외: { $count }명
campaign-preview = ✉️ **{ $name }** 캠페인은 이렇게 보여요. 파일은 보낼 그대로의 첫 메일이에요.
campaign-tested = ✉️ { $email } 주소로 테스트 메일을 보내고 있어요.
campaigns-none = 아직 캠페인이 없어요. `/campaign create`로 만들 수 있어요.
campaigns-title = 캠페인 **{ $count }**개{ $pages ->
    [1] {""}
   *[other] {" "}· { $page }/{ $pages }쪽
}
campaign-kind-notice = 📰 공지
campaign-kind-ad = 🏷️ 광고
campaign-preflight = 📬 **{ $name }** 캠페인이 준비됐어요. 모든 메일이 문제없이 만들어지는지 확인했어요. 아직 보내지 않았어요.
campaign-schedule-at = ⏰ **{ $local }**에 시작해요({ $zone }, UTC{ $offset }), { $left }.
campaign-schedule-dst = 🕐 그 전에 서머타임이 시작되거나 끝나요. 위 시각은 바뀐 뒤의 시각이에요.
campaign-warning-large = ⚠️ 가장 큰 메일이 { $size }KB예요. 100KB가 넘으면 느리게 가고, 어떤 메일 앱은 잘라서 보여 줘요.
campaign-warning-nameless = ⚠️ 템플릿이 이름을 쓰는데 { $count }명은 이름이 없어요.
campaign-warning-unsigned = ⚠️ 메일에 서명(DKIM)이 없어서 스팸으로 다뤄지기 쉬워요. 봇 운영자가 바꿀 수 있어요(`MAIL_DKIM_DOMAIN`).
campaign-warning-not-https = ⚠️ 메일의 링크가 `https`가 아니라서 메일 앱이 수신거부 버튼을 보여 주지 않아요. 봇 운영자가 바꿀 수 있어요(`PUBLIC_URL`).
campaign-warning-no-way-out = ⚠️ 템플릿에 {"`{{ unsubscribe_url }}`"}이 없어요. 그만 받고 싶은 사람이 스팸으로 신고할 수 있어요.
campaign-dropped = 아무것도 보내지 않아요.
button-campaign-send = 모두에게 보내기
button-campaign-schedule = 그때 보내기
button-campaign-cancel = 취소하기
button-pause = 잠시 멈추기
button-resume = 이어서 보내기
button-retry-failed = 실패한 것만
button-retry-all = 불확실한 메일까지

campaign-paused = ⏸️ **{ $name }** 캠페인을 잠시 멈췄어요. `/campaign resume` 전에는 더 보내지 않아요. 이미 나가고 있던 메일은 도착해요.
campaign-resumed = ▶️ **{ $name }** 캠페인을 이어서 보내요.
campaign-cancelled = 🛑 **{ $name }** 캠페인을 취소했어요. 더 보내지 않아요. 이미 보낸 메일은 되돌릴 수 없어요.
campaign-called-off = 🛑 **{ $name }** 캠페인은 아무것도 보내기 전에 취소했어요. `/campaign send`나 `/campaign schedule`로 다시 시작할 수 있어요.
campaign-is-new = 📝 **{ $name }** 캠페인은 아직 보내지 않았어요. `/campaign send`로 무엇을 보낼지 볼 수 있어요.
campaign-is-scheduled = ⏰ **{ $name }** 캠페인은 { $at }에 시작해요({ $left }).
campaign-is-freezing = 📋 **{ $name }** 캠페인을 준비하고 있어요. 지금까지 { $count }명이에요. 모두 준비되기 전에는 보내지 않아요.
campaign-is-sending = 📤 **{ $name }** 캠페인을 보내고 있어요.
campaign-is-paused = ⏸️ **{ $name }** 캠페인을 잠시 멈췄어요.
campaign-is-stopped = ⛔ 메일 서버가 메일 자체를 거절해 **{ $name }** 캠페인을 멈췄어요 ({ $why }). 고친 다음 이어서 보내 주세요.
campaign-is-done = ✅ **{ $name }** 캠페인을 다 보냈어요.
campaign-is-cancelled = 🛑 **{ $name }** 캠페인은 취소됐어요.
campaign-is-failed = ⚠️ **{ $name }** 캠페인을 시작할 수 없어서 아무것도 보내지 않았어요. { $why }
campaign-pace = ⚡ 1초에 { $rate }통, 약 { $left } 남음
campaign-sent = ✅ 발송 완료: { $count }
campaign-waiting = ⏳ 대기 중: { $count }
campaign-deferred = 🕐 받는 쪽 서버가 잠시 거절해 다시 보낼 예정: { $count }
campaign-failed = ❌ 실패: { $count }
campaign-unknown = ❔ 도착 여부 불확실(전송 마지막에 연결이 끊김): { $count }
campaign-withheld = 🔕 발송 제외(그사이 수신거부): { $count }
campaign-rests-unreachable = 💤 메일 서버에 연결할 수 없어요. { $until }에 다시 시도해요.
campaign-rests-throttled = 💤 메일 서버가 천천히 보내 달라고 했어요. { $until }에 이어서 보내요.
campaign-rests-daily = 💤 오늘 보낼 수 있는 메일을 다 보냈어요. { $until }에 이어서 보내요.
campaign-told-done = 📬 **{ $name }** 캠페인을 다 보냈어요: 발송 완료 { $sent }, 실패 { $failed }, 도착 여부 불확실 { $unknown }, 발송 제외 { $withheld }. 자세한 것은 `/campaign report`에 있어요.
campaign-told-stopped = ⛔ 메일 서버가 메일 자체를 거절해 **{ $name }** 캠페인을 멈췄어요. 이유는 `/campaign status`에 있고, `/campaign resume`으로 이어서 보내요.
campaign-told-failed = ⚠️ **{ $name }** 캠페인을 시작할 수 없어서 아무것도 보내지 않았어요. 이유는 `/campaign status`에 있어요.

campaign-report = 📊 결과예요. 파일에는 받는 사람마다 결과와, 도착하지 않았다면 그 이유가 한 줄씩 있어요.
campaign-report-time = 🕐 시작 { $began }, 걸린 시간 { $took }
campaign-report-retry = 🔁 `/campaign retry-failed`로 다시 보낼 수 있어요.
campaign-retry = 🔁 실패 { $failed }통, 도착 여부가 불확실한 메일 { $unknown }통이에요. 무엇을 다시 보낼까요?
campaign-retry-unknown = 이미 받은 사람은 두 번째 버튼으로 **두 번** 받게 돼요.
campaign-chart-delivered = 발송 완료
campaign-chart-failed = 실패
campaign-chart-unknown = 도착 여부 불확실
campaign-chart-lost = 실패 또는 불확실
campaign-chart-left-out = 발송 제외
campaign-chart-waiting = 대기 중
campaign-chart-took = 걸린 시간
campaign-chart-deferred = 재시도 예정
campaign-chart-nameless = 캠페인
campaign-chart-subtitle = 캠페인 · { $began }
campaign-chart-empty = 아직 아무것도 보내지 않았어요.
campaign-chart-unit = { $step }마다 보낸 메일
campaign-chart-alt = 캠페인 { $name }의 결과. 발송 완료: { $delivered }. 실패: { $failed }. 도착 여부 불확실: { $unknown }. 발송 제외: { $leftout }. 대기 중: { $waiting }. 걸린 시간: { $took }.
## 메일 템플릿의 오류

error-mail-template-name = 템플릿 이름은 한 줄, 1~{ $most }자로 지어 주세요.
error-mail-template-in-use = 아직 끝나지 않은 캠페인 **{ $campaign }**에서 이 템플릿을 쓰고 있어요. 캠페인이 끝난 뒤에 지우거나, 캠페인을 먼저 취소해 주세요.
error-mail-template-too-many = 이 서버에는 템플릿이 이미 { $most }개 있어요. `/template delete`로 하나를 지워 주세요.
error-mail-subject-length = 제목은 필드를 포함해 한 줄, 1~{ $most }자로 써 주세요.
error-mail-html-large = HTML이 { $most }KiB보다 커요. 그림은 HTML이 아니라 `image1`~`image5` 옵션에 넣어 주세요.
error-mail-html-encoding = UTF-8로 저장한 글이 아니에요. 메일의 HTML을 UTF-8로 저장해서 다시 올려 주세요.
error-mail-html-empty = 파일에 아무것도 없어요. `body`에 메일의 HTML을 올려 주세요.
error-mail-html-line = HTML { $line }번째 줄: { $what }
error-mail-tag-subject = 제목: { $what }
error-mail-engine = HTML의 태그 하나를 템플릿 엔진이 처리하지 못해요. 괄호나 필터, 계산이 있는 태그를 더 간단하게 써 주세요.
error-mail-engine-subject = 제목의 태그 하나를 템플릿 엔진이 처리하지 못해요. 괄호나 필터, 계산이 있는 태그를 더 간단하게 써 주세요.
error-mail-tag-text = HTML에서 만든 텍스트 부분: { $what }
error-mail-image = 그림 “{ $file }”: { $what }
error-mail-images-large = 그림을 모두 합치면 { $most }MiB보다 커요. 메일마다 모두 들어가니 크기를 줄여 주세요.
error-mail-missing-field = 구독자에게 “{ $field }” 속성이 없어요. `/subscriber add`나 가져오기로 넣거나, 템플릿에 기본값을 정해 주세요: {"`{{"} { $field } | default("…") {"}}`"}.
error-mail-subject-broken = 이 구독자의 속성을 넣으면 제목이 비거나, 줄바꿈이나 제어 문자가 들어가요. 제목에 쓰인 속성을 고쳐 주세요.
error-mail-endless = 템플릿이 메일에 필요한 것보다 훨씬 많이 반복해요. 반복문({"`{%"} for {"%}`"})을 살펴봐 주세요.
error-mail-prepared-large = 스타일을 각 요소에 넣으면 템플릿이 { $most }KiB보다 커져요. 스타일 속성이나 요소를 줄여 주세요.
error-mail-merged-large = 필드를 채우면 메일이 { $most }KiB보다 커져요. 템플릿의 반복문을 살펴봐 주세요.
markup-fault-script = 메일 앱은 스크립트를 실행하지 않고, 대부분 위험한 메일로 여겨요. `<script>`, `onclick` 같은 속성, `javascript:` 링크를 지워 주세요.
markup-fault-outside-style = 메일 앱은 외부 스타일시트를 가져오지 않아요. `<link>`나 `@import` 대신 `<style>` 안에 스타일을 넣어 주세요.
markup-fault-unquoted = 값이 HTML이 될 수 있는 자리에 필드가 있어요. {"`href=\"{{ unsubscribe_url }}\"`"}처럼 속성값을 따옴표로 감싸고, `<` 바로 뒤에는 필드를 쓰지 마세요.
markup-fault-deep = 요소가 { $most }겹보다 깊어요. 끝난 요소를 닫아 주세요.
markup-fault-many = 요소가 { $most }개보다 많아요. 메일에 그만큼은 필요하지 않아요.
markup-fault-reopened = `<b>`, `<a>`, `<font>` 같은 요소를 닫지 않아서, 뒤에 오는 문단마다 그 요소가 모두 다시 열려요. 문단이나 칸이 끝나기 전에 닫아 주세요.
markup-fault-style-deep = 선택자나 레이어가 { $most }개보다 길게 이어지거나 겹쳐 있어요. 클래스 하나처럼 짧은 선택자를 써 주세요.
markup-fault-style-costly = 이 스타일을 요소에 적용하는 데 너무 오래 걸려요. 규칙, 속성, 요소를 줄이고, `*`나 `~`, 속성 선택자 대신 클래스를 써 주세요.
markup-fault-style = 스타일을 읽을 수 없어요. `<style>`에 빠진 괄호가 있는지 봐 주세요.
tag-fault-endless = 이 태그가 닫히지 않았어요. {"`}}`"}, {"`%}`"}, {"`#}`"}로 닫아 주세요.
tag-fault-long = 이 태그는 { $most }자보다 길어요.
tag-fault-deep = 블록이 { $most }겹보다 깊어요. 끝난 블록을 닫거나 조건을 `and`로 합쳐 주세요.
tag-fault-branches = `elif`가 { $most }개보다 많아요. 받는 사람마다 다른 글은 구독자 파일의 열에 넣고 그 필드를 쓰세요.
tag-fault-brackets = 괄호가 { $most }겹보다 깊어요. `set name = …`으로 일부를 먼저 계산해 주세요.
tag-fault-operations = 이 태그에 연산자와 필터가 { $most }개보다 많아요. `set name = …`으로 나눠 주세요.
tag-fault-sets = `set`이 { $most }개보다 많아요. 받는 사람마다 다른 값은 구독자 파일의 열에 넣어 주세요.
tag-fault-statement = 메일에서는 { $given } 구문을 쓸 수 없어요. `if`, `for`, `with`, `set name = …`을 쓸 수 있어요.
tag-fault-unclosed = { $given } 구문이 닫히지 않았어요. { $end } 구문을 넣어 주세요.
tag-fault-unopened = { $given } 구문을 여는 태그가 없어요.
tag-fault-name = 여기에 { $given } 이름은 없어요. 쓸 수 있는 이름: { $there }.
tag-fault-sign = 메일에서는 여기에 { $given } 기호를 쓸 수 없어요. 필드는 이어 붙이는 대신 나란히 쓰고, 목록에는 글자와 숫자만 넣어 주세요.
tag-fault-image = { $given } 그림이 없어요. 있는 그림: { $there }. {"`{{"} image("이름") {"}}`"}처럼 써 주세요.
tag-fault-image-none = { $given } 그림이 없어요. 올린 그림이 하나도 없으니 `image1`~`image5`에 올려 주세요.
tag-fault-no-argument = { $given } 괄호 안에는 값이 하나는 있어야 해요. {"`{{ loop.cycle(\"홀\", \"짝\") }}`"}처럼 써 주세요.
tag-fault-step = 값은 {"`{{ name[0:3] }}`"}처럼 숫자 두 개로만 잘라요. 세 번째 숫자는 쓸 수 없어요.
tag-fault-named-slices = {"`name[0:3]`"}처럼 자른 값에 `set`이나 `with`로 이름을 { $most }번보다 많이 붙였어요. 보여 줄 자리에 바로 써 주세요.
tag-fault-subject = 제목 안에서 제목을 쓸 수는 없어요.
tag-fault-syntax = 이 태그를 읽을 수 없어요 ({ $why }).
tag-fault-merge = 여기를 채울 수 없어요 ({ $why }).
image-fault-kind = 메일 앱이 보여 줄 수 없는 이미지 형식이에요. PNG, JPEG, GIF, WebP를 쓸 수 있어요.
image-fault-other-kind = 이름과 달리 { $is } 파일이에요. 이름을 바꿔 주세요.
image-fault-large = { $most }MiB보다 커요. 메일마다 들어가니 크기를 줄여 주세요.
image-fault-name = 그림에 쓸 수 없는 파일 이름이에요. `logo.png`처럼 영문 소문자, 숫자, `-`, `_`로 지어 주세요.
image-fault-repeated = 이름이 같은 그림이 또 있어요. 하나의 이름을 바꿔 주세요.

## /template

template-saved = 💌 **{ $name }** 템플릿을 저장했어요. `/template preview`로 미리 볼 수 있어요.
template-replaced = 💌 **{ $name }** 템플릿을 새 내용으로 바꿨어요. 이미 보내고 있는 캠페인은 이전 내용으로 나가요.
template-fields = **필드:** { $fields }
template-without-fields = 필드를 쓰지 않아서 모두가 같은 메일을 받아요.
template-warning-remote-images = ⚠️ 그림 { $count }개를 인터넷에서 불러와요. 대부분의 메일 앱에서는 받는 사람이 허용해야 보이니 `image1`~`image5`에 올려 주세요.
template-warning-form = ⚠️ 대부분의 메일 앱은 양식을 제출하지 않아요. 양식이 있는 페이지로 가는 링크를 넣어 주세요.
template-warning-ignored = ⚠️ 대부분의 메일 앱은 `<{ $element }>` 요소를 무시해요.
template-warning-unused-image = ⚠️ `{ $name }` 그림은 메일마다 들어가지만 어디에도 보이지 않아요. `<img>`의 `src`에 {"`{{"} image("{ $name }") {"}}`"}를 써 주세요.
template-warning-clipped = ⚠️ HTML이 { $size }KB예요. Gmail은 102KB 뒤를 잘라 내서 끝부분이 보이지 않아요.
template-warning-no-unsubscribe = ⚠️ {"`{{ unsubscribe_url }}`"}이 없어요. 이것이 없으면 광고를 보낼 수 없어요.
templates-none = 아직 템플릿이 없어요. `/template save`로 만들어 보세요.
templates-title = 💌 템플릿 { $count }개
template-line = **{ $name }** · { $subject }{ $images ->
    [0] {""}
   *[other] {" "}· 그림 { $images }개
} · { $at }
template-subject = **제목:** { $subject }
template-size = **HTML:** { $size }KB
template-images = **그림:** { $names }
template-saved-by = { $author } 님이 { $at }에 저장
template-saved-at = { $at }에 저장
template-preview = 👀 이대로 나가요. 파일은 메일 그 자체라서 메일 앱으로 열어 볼 수 있어요.
template-preview-facts = 받는 사람 { $address } · { $size }KB · { $images ->
    [0] 그림 없음
   *[other] 그림 { $images }개
}
template-sample-name = 이름
template-deleted = 🗑️ **{ $name }** 템플릿을 지웠어요. 이미 보낸 캠페인에는 그대로 남아요.
cmd-template = 이메일 템플릿 (서버 관리하기 권한 필요)
cmd-template-save = 템플릿을 저장하거나 바꿔요
cmd-template-save-name = 템플릿 이름. 같은 이름이 있으면 바꿔요
cmd-template-save-subject = 제목. {"{{ name }}"} 같은 필드를 쓸 수 있어요
cmd-template-save-body = 메일의 HTML 파일 (UTF-8)
cmd-template-save-image1 = 그림: logo.png는 HTML에서 image("logo")로 써요
cmd-template-save-image2 = 다른 그림
cmd-template-save-image3 = 다른 그림
cmd-template-save-image4 = 다른 그림
cmd-template-save-image5 = 다른 그림
cmd-template-list = 템플릿을 모두 보여 줘요
cmd-template-show = 템플릿 하나를 HTML과 함께 보여 줘요
cmd-template-show-name = 어느 템플릿인가요?
cmd-template-preview = 구독자가 받을 메일을 미리 봐요. 보내지는 않아요
cmd-template-preview-name = 어느 템플릿인가요?
cmd-template-preview-email = 어느 구독자인가요? 비워 두면 첫 구독자
cmd-template-delete = 템플릿을 지워요
cmd-template-delete-name = 어느 템플릿인가요?
help-campaign-create = 조건은 속성으로 써요: {"`city = \"Seoul\" and joined >= 2026-01-01`"}. `or`, `not`, `in (…)`, `contains`, `is empty`, 괄호도 쓸 수 있어요. 광고는 받는 사람의 동의와 제목의 (광고)가 있어야 해요.
help-campaign-preview = 파일은 실제로 보낼 메일과 똑같아요.
help-campaign-test = 실제로 도착할 모습 그대로, 그 구독자의 속성(없으면 첫 구독자의 속성)으로 보내요. 테스트 메일의 수신거부 링크는 아무것도 바꾸지 않아요.
help-campaign-send = 물어보기 전에 모든 메일이 문제없이 만들어지는지 확인하고, 하나라도 만들 수 없으면 아무것도 보내지 않아요. 몇 명이 받는지, 누가 왜 빠지는지 보여 드려요.
help-campaign-schedule = 지금 검사하고 확인을 받아요. 그 시각에 시작하고, 봇이 꺼져 있었다면 켜지자마자 시작해요. 예: `/campaign schedule name:소식 at:내일 오전 9시`
help-campaign-pause = 2초 안에 멈춰요. 이미 나가고 있는 메일은 도착해요.
help-campaign-resume = 메일 서버가 메일이나 보내는 사람을 거절해서 멈췄을 때도, 원인을 해결한 뒤 이어서 보낼 수 있어요.
help-campaign-cancel = 보내던 캠페인은 다시 이어서 보낼 수 없고, 이미 나가고 있는 메일은 도착해요. 아직 시작하지 않았으면 시각을 다시 정할 수 있어요.
help-campaign-status = 막대는 15분 동안 저절로 움직여요.
help-campaign-list = 최근 것부터 보여 드려요.
help-campaign-report = 그림과, 메일마다 어떻게 됐고 왜 그런지 적은 CSV 파일을 드려요.
help-campaign-retry-failed = 먼저 물어봐요. 도착 여부가 불확실한 메일은 직접 고를 때만 다시 보내요. 두 번 받는 사람이 생길 수 있거든요.
help-template-save = 필드는 {"`{{ name }}`"}, {"`{{ email }}`"}, {"`{{ unsubscribe_url }}`"}, 모든 속성이고, 그림은 {"`{{ image(\"logo\") }}`"}로 써요. `<style>`은 요소마다 인라인으로 넣고, 텍스트 부분도 만들어 줘요. 스크립트는 쓸 수 없어요.
help-template-list = 이름순으로 제목과 함께 보여 줘요.
help-template-show = 제목, 크기, 그림, 필드와 올린 그대로의 HTML을 보여 줘요.
help-template-preview = 제목, 앞부분, 크기와 함께 실제로 보낼 바이트 그대로의 `.eml` 파일을 줘요.
help-template-delete = 이미 보낸 캠페인에는 그대로 남아요.

## 메일 검토

markup-fault-field-in-style = 스타일 안에는 필드를 쓸 수 없어요. 값이 다른 스타일까지 바꿀 수 있기 때문이에요. {"`{% if %}`"}로 스타일을 골라 쓰세요.
campaign-told-limited = ⏸️ **{ $name }** 캠페인이 대기 중이에요. 오늘 보낼 수 있는 메일을 다 보냈어요. { $until } 저절로 이어서 보내요.
campaign-told-away = ⏸️ **{ $name }** 캠페인이 대기 중이에요. 메일 서버에 연결할 수 없어요. 서버가 돌아오면 저절로 이어서 보내요.

# 디스코드가 모르는 것을 보여 주는 말, 그리고 서버의 페이지들.

token-user = @알 수 없는 사용자
token-role = @삭제된 역할
token-channel = #알 수 없음
token-page = { $page ->
    [browse] 채널 둘러보기
    [customize] 채널 & 역할
    [home] 서버 홈
    [linked-roles] 연동된 역할
   *[other] 서버 가이드
}

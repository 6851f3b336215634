//! Which zones people live in, and what they call them.

use chrono_tz::Tz;
use chrono_tz::Tz::{
    Africa__Accra, Africa__Cairo, Africa__Casablanca, Africa__Johannesburg, Africa__Lagos,
    Africa__Nairobi, America__Anchorage, America__Argentina__Buenos_Aires, America__Bogota,
    America__Caracas, America__Chicago, America__Denver, America__Halifax, America__Lima,
    America__Los_Angeles, America__Mexico_City, America__Montevideo, America__New_York,
    America__Panama, America__Phoenix, America__Santiago, America__Sao_Paulo, America__St_Johns,
    America__Toronto, America__Vancouver, Asia__Almaty, Asia__Baghdad, Asia__Bangkok,
    Asia__Colombo, Asia__Dhaka, Asia__Dubai, Asia__Ho_Chi_Minh, Asia__Hong_Kong, Asia__Jakarta,
    Asia__Jerusalem, Asia__Kabul, Asia__Karachi, Asia__Kathmandu, Asia__Kolkata,
    Asia__Kuala_Lumpur, Asia__Macau, Asia__Manila, Asia__Phnom_Penh, Asia__Pyongyang, Asia__Qatar,
    Asia__Riyadh, Asia__Seoul, Asia__Shanghai, Asia__Singapore, Asia__Taipei, Asia__Tashkent,
    Asia__Tehran, Asia__Tokyo, Asia__Ulaanbaatar, Asia__Vladivostok, Asia__Yangon,
    Atlantic__Reykjavik, Australia__Adelaide, Australia__Brisbane, Australia__Darwin,
    Australia__Melbourne, Australia__Perth, Australia__Sydney, Europe__Amsterdam, Europe__Athens,
    Europe__Belgrade, Europe__Berlin, Europe__Brussels, Europe__Bucharest, Europe__Budapest,
    Europe__Copenhagen, Europe__Dublin, Europe__Helsinki, Europe__Istanbul, Europe__Kyiv,
    Europe__Lisbon, Europe__London, Europe__Madrid, Europe__Moscow, Europe__Oslo, Europe__Paris,
    Europe__Prague, Europe__Rome, Europe__Stockholm, Europe__Vienna, Europe__Warsaw,
    Europe__Zurich, Pacific__Auckland, Pacific__Fiji, Pacific__Guam, Pacific__Honolulu, UTC,
};

/// A zone with the words that lead to it. The first of each language is shown beside it.
#[derive(Debug)]
pub struct Known {
    /// The zone.
    pub zone: Tz,
    /// Cities and countries in Korean, with commas between them.
    korean: &'static str,
    /// The same in English, in lower case.
    english: &'static str,
}

impl Known {
    /// Its names in Korean.
    pub fn korean(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.korean.split(", ")
    }

    /// Its names in English.
    pub fn english(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.english.split(", ")
    }
}

const fn known(zone: Tz, korean: &'static str, english: &'static str) -> Known {
    Known {
        zone,
        korean,
        english,
    }
}

/// Zones with names, those first that most people are likely to mean.
pub const KNOWN: &[Known] = &[
    known(
        Asia__Seoul,
        "서울, 한국, 대한민국, 부산, 인천, 대구, 대전, 광주, 울산, 제주, 수원, 남한",
        "seoul, korea, south korea, republic of korea, busan, incheon, daegu, daejeon, gwangju, ulsan, jeju, suwon, kr",
    ),
    known(
        Asia__Tokyo,
        "도쿄, 일본, 동경, 오사카, 교토, 후쿠오카, 삿포로, 나고야, 오키나와",
        "tokyo, japan, osaka, kyoto, fukuoka, sapporo, nagoya, okinawa, jp",
    ),
    known(
        Asia__Shanghai,
        "상하이, 중국, 베이징, 북경, 상해, 선전, 광저우, 칭다오",
        "shanghai, china, beijing, shenzhen, guangzhou, qingdao, cn",
    ),
    known(
        Asia__Taipei,
        "타이베이, 대만, 타이완, 가오슝",
        "taipei, taiwan, kaohsiung, tw",
    ),
    known(Asia__Hong_Kong, "홍콩", "hong kong, hk"),
    known(Asia__Singapore, "싱가포르, 싱가폴", "singapore, sg"),
    known(
        Asia__Ho_Chi_Minh,
        "호치민, 베트남, 하노이, 다낭, 호찌민",
        "ho chi minh, vietnam, hanoi, da nang, saigon, vn",
    ),
    known(
        Asia__Bangkok,
        "방콕, 태국, 치앙마이, 푸켓",
        "bangkok, thailand, chiang mai, phuket, th",
    ),
    known(
        Asia__Manila,
        "마닐라, 필리핀, 세부",
        "manila, philippines, cebu, ph",
    ),
    known(Asia__Jakarta, "자카르타, 인도네시아", "jakarta, indonesia"),
    known(
        Asia__Kuala_Lumpur,
        "쿠알라룸푸르, 말레이시아",
        "kuala lumpur, malaysia",
    ),
    known(
        Asia__Kolkata,
        "인도, 뭄바이, 델리, 뉴델리, 벵갈루루, 콜카타, 첸나이",
        "india, mumbai, delhi, new delhi, bangalore, bengaluru, kolkata, calcutta, chennai, hyderabad",
    ),
    known(
        Asia__Dubai,
        "두바이, 아랍에미리트, 아부다비",
        "dubai, united arab emirates, uae, abu dhabi",
    ),
    known(
        Europe__London,
        "런던, 영국, 잉글랜드, 스코틀랜드, 맨체스터, 에든버러",
        "london, united kingdom, uk, england, britain, great britain, scotland, wales, manchester, edinburgh",
    ),
    known(
        Europe__Paris,
        "파리, 프랑스",
        "paris, france, lyon, marseille",
    ),
    known(
        Europe__Berlin,
        "베를린, 독일, 프랑크푸르트, 뮌헨, 함부르크",
        "berlin, germany, deutschland, frankfurt, munich, hamburg, cologne",
    ),
    known(
        Europe__Madrid,
        "마드리드, 스페인, 바르셀로나",
        "madrid, spain, barcelona",
    ),
    known(
        Europe__Rome,
        "로마, 이탈리아, 밀라노",
        "rome, italy, milan, venice",
    ),
    known(
        Europe__Amsterdam,
        "암스테르담, 네덜란드",
        "amsterdam, netherlands, holland",
    ),
    known(
        Europe__Zurich,
        "취리히, 스위스, 제네바",
        "zurich, switzerland, geneva",
    ),
    known(Europe__Vienna, "빈, 오스트리아", "vienna, austria"),
    known(Europe__Brussels, "브뤼셀, 벨기에", "brussels, belgium"),
    known(Europe__Stockholm, "스톡홀름, 스웨덴", "stockholm, sweden"),
    known(Europe__Oslo, "오슬로, 노르웨이", "oslo, norway"),
    known(
        Europe__Copenhagen,
        "코펜하겐, 덴마크",
        "copenhagen, denmark",
    ),
    known(Europe__Helsinki, "헬싱키, 핀란드", "helsinki, finland"),
    known(Europe__Warsaw, "바르샤바, 폴란드", "warsaw, poland"),
    known(
        Europe__Prague,
        "프라하, 체코",
        "prague, czechia, czech republic",
    ),
    known(Europe__Budapest, "부다페스트, 헝가리", "budapest, hungary"),
    known(
        Europe__Bucharest,
        "부쿠레슈티, 루마니아",
        "bucharest, romania",
    ),
    known(Europe__Belgrade, "베오그라드, 세르비아", "belgrade, serbia"),
    known(Europe__Athens, "아테네, 그리스", "athens, greece"),
    known(
        Europe__Istanbul,
        "이스탄불, 튀르키예, 터키, 앙카라",
        "istanbul, turkey, türkiye, ankara",
    ),
    known(
        Europe__Kyiv,
        "키이우, 우크라이나, 키예프",
        "kyiv, kiev, ukraine",
    ),
    known(
        Europe__Moscow,
        "모스크바, 러시아, 상트페테르부르크",
        "moscow, russia, saint petersburg",
    ),
    known(Asia__Vladivostok, "블라디보스토크", "vladivostok"),
    known(Europe__Lisbon, "리스본, 포르투갈", "lisbon, portugal"),
    known(Europe__Dublin, "더블린, 아일랜드", "dublin, ireland"),
    known(
        Atlantic__Reykjavik,
        "레이캬비크, 아이슬란드",
        "reykjavik, iceland",
    ),
    known(
        America__New_York,
        "뉴욕, 미국 동부, 미국, 워싱턴, 보스턴, 애틀랜타, 마이애미, 필라델피아, 동부",
        "new york, us eastern, eastern, nyc, united states, usa, us, america, washington, boston, atlanta, miami, philadelphia, detroit",
    ),
    known(
        America__Chicago,
        "시카고, 미국 중부, 미국, 휴스턴, 댈러스, 텍사스, 중부",
        "chicago, us central, central, united states, usa, us, houston, dallas, austin, texas",
    ),
    known(
        America__Denver,
        "덴버, 미국 산악, 미국, 콜로라도",
        "denver, us mountain, mountain, united states, usa, us, colorado, salt lake city",
    ),
    known(America__Phoenix, "피닉스, 애리조나", "phoenix, arizona"),
    known(
        America__Los_Angeles,
        "로스앤젤레스, 미국 서부, 미국, 엘에이, 샌프란시스코, 시애틀, 라스베이거스, 라스베가스, 캘리포니아, 샌디에이고, 서부, LA",
        "los angeles, us pacific, pacific, united states, usa, us, la, san francisco, seattle, las vegas, california, san diego, silicon valley, portland",
    ),
    known(
        America__Anchorage,
        "앵커리지, 알래스카",
        "anchorage, alaska",
    ),
    known(Pacific__Honolulu, "호놀룰루, 하와이", "honolulu, hawaii"),
    known(
        America__Toronto,
        "토론토, 캐나다, 오타와, 몬트리올, 몬트리얼",
        "toronto, canada, ottawa, montreal",
    ),
    known(
        America__Vancouver,
        "밴쿠버, 캐나다",
        "vancouver, canada, british columbia",
    ),
    known(America__Halifax, "핼리팩스", "halifax"),
    known(America__St_Johns, "세인트존스", "st johns, newfoundland"),
    known(
        America__Mexico_City,
        "멕시코시티, 멕시코",
        "mexico city, mexico",
    ),
    known(
        America__Sao_Paulo,
        "상파울루, 브라질, 리우데자네이루",
        "sao paulo, são paulo, brazil, rio de janeiro, brasilia",
    ),
    known(
        America__Argentina__Buenos_Aires,
        "부에노스아이레스, 아르헨티나",
        "buenos aires, argentina",
    ),
    known(America__Santiago, "산티아고, 칠레", "santiago, chile"),
    known(
        America__Bogota,
        "보고타, 콜롬비아",
        "bogota, bogotá, colombia",
    ),
    known(America__Lima, "리마, 페루", "lima, peru"),
    known(
        America__Caracas,
        "카라카스, 베네수엘라",
        "caracas, venezuela",
    ),
    known(
        America__Montevideo,
        "몬테비데오, 우루과이",
        "montevideo, uruguay",
    ),
    known(America__Panama, "파나마", "panama"),
    known(
        Australia__Sydney,
        "시드니, 호주, 오스트레일리아, 캔버라",
        "sydney, australia, canberra",
    ),
    known(Australia__Melbourne, "멜버른, 호주", "melbourne, australia"),
    known(
        Australia__Brisbane,
        "브리즈번, 호주, 골드코스트",
        "brisbane, australia, gold coast, queensland",
    ),
    known(
        Australia__Adelaide,
        "애들레이드, 호주",
        "adelaide, australia",
    ),
    known(Australia__Darwin, "다윈", "darwin"),
    known(Australia__Perth, "퍼스, 호주", "perth, australia"),
    known(
        Pacific__Auckland,
        "오클랜드, 뉴질랜드, 웰링턴",
        "auckland, new zealand, wellington, nz",
    ),
    known(Pacific__Guam, "괌", "guam"),
    known(Pacific__Fiji, "피지", "fiji"),
    known(Asia__Pyongyang, "평양, 북한", "pyongyang, north korea"),
    known(
        Asia__Ulaanbaatar,
        "울란바토르, 몽골",
        "ulaanbaatar, mongolia",
    ),
    known(Asia__Macau, "마카오", "macau, macao"),
    known(Asia__Phnom_Penh, "프놈펜, 캄보디아", "phnom penh, cambodia"),
    known(Asia__Yangon, "양곤, 미얀마", "yangon, myanmar"),
    known(Asia__Dhaka, "다카, 방글라데시", "dhaka, bangladesh"),
    known(Asia__Kathmandu, "카트만두, 네팔", "kathmandu, nepal"),
    known(Asia__Colombo, "콜롬보, 스리랑카", "colombo, sri lanka"),
    known(
        Asia__Karachi,
        "카라치, 파키스탄",
        "karachi, pakistan, lahore, islamabad",
    ),
    known(Asia__Kabul, "카불, 아프가니스탄", "kabul, afghanistan"),
    known(
        Asia__Tashkent,
        "타슈켄트, 우즈베키스탄",
        "tashkent, uzbekistan",
    ),
    known(
        Asia__Almaty,
        "알마티, 카자흐스탄",
        "almaty, kazakhstan, astana",
    ),
    known(Asia__Tehran, "테헤란, 이란", "tehran, iran"),
    known(
        Asia__Riyadh,
        "리야드, 사우디아라비아, 사우디",
        "riyadh, saudi arabia",
    ),
    known(Asia__Qatar, "카타르, 도하", "qatar, doha"),
    known(Asia__Baghdad, "바그다드, 이라크", "baghdad, iraq"),
    known(
        Asia__Jerusalem,
        "예루살렘, 이스라엘, 텔아비브",
        "jerusalem, israel, tel aviv",
    ),
    known(Africa__Cairo, "카이로, 이집트", "cairo, egypt"),
    known(
        Africa__Johannesburg,
        "요하네스버그, 남아프리카공화국, 남아공, 케이프타운",
        "johannesburg, south africa, cape town",
    ),
    known(Africa__Lagos, "라고스, 나이지리아", "lagos, nigeria"),
    known(Africa__Nairobi, "나이로비, 케냐", "nairobi, kenya"),
    known(Africa__Accra, "아크라, 가나", "accra, ghana"),
    known(
        Africa__Casablanca,
        "카사블랑카, 모로코",
        "casablanca, morocco",
    ),
    known(
        UTC,
        "협정 세계시, 세계 표준시, 세계시, 협정세계시",
        "utc, coordinated universal time, universal, zulu",
    ),
];

/// An abbreviation of a zone's time, with how far that is from UTC in minutes; `None` for those that
/// are used all the year round.
#[derive(Debug)]
pub struct Abbreviation {
    /// In lower case.
    pub name: &'static str,
    /// Minutes east of UTC.
    pub offset_min: Option<i32>,
    /// Where it is used.
    pub zone: Tz,
}

const fn abbreviation(name: &'static str, minutes: i32, zone: Tz) -> Abbreviation {
    Abbreviation {
        name,
        offset_min: Some(minutes),
        zone,
    }
}

const fn all_year(name: &'static str, zone: Tz) -> Abbreviation {
    Abbreviation {
        name,
        offset_min: None,
        zone,
    }
}

/// Those that are met. Some stand twice, as half of the people mean something else by them; those
/// beside each other have the same name.
pub const ABBREVIATIONS: &[Abbreviation] = &[
    abbreviation("utc", 0, UTC),
    abbreviation("gmt", 0, UTC),
    abbreviation("z", 0, UTC),
    abbreviation("kst", 540, Asia__Seoul),
    abbreviation("jst", 540, Asia__Tokyo),
    abbreviation("cst", -360, America__Chicago),
    abbreviation("cst", 480, Asia__Shanghai),
    abbreviation("hkt", 480, Asia__Hong_Kong),
    abbreviation("sgt", 480, Asia__Singapore),
    abbreviation("myt", 480, Asia__Kuala_Lumpur),
    abbreviation("pht", 480, Asia__Manila),
    abbreviation("ict", 420, Asia__Bangkok),
    abbreviation("wib", 420, Asia__Jakarta),
    abbreviation("ist", 330, Asia__Kolkata),
    abbreviation("ist", 60, Europe__Dublin),
    abbreviation("ist", 120, Asia__Jerusalem),
    abbreviation("gst", 240, Asia__Dubai),
    abbreviation("msk", 180, Europe__Moscow),
    abbreviation("trt", 180, Europe__Istanbul),
    abbreviation("eet", 120, Europe__Athens),
    abbreviation("eest", 180, Europe__Athens),
    abbreviation("cet", 60, Europe__Paris),
    abbreviation("cest", 120, Europe__Paris),
    abbreviation("wet", 0, Europe__Lisbon),
    abbreviation("bst", 60, Europe__London),
    abbreviation("brt", -180, America__Sao_Paulo),
    abbreviation("est", -300, America__New_York),
    abbreviation("edt", -240, America__New_York),
    all_year("et", America__New_York),
    abbreviation("cdt", -300, America__Chicago),
    all_year("ct", America__Chicago),
    abbreviation("mst", -420, America__Denver),
    abbreviation("mdt", -360, America__Denver),
    all_year("mt", America__Denver),
    abbreviation("pst", -480, America__Los_Angeles),
    abbreviation("pdt", -420, America__Los_Angeles),
    all_year("pt", America__Los_Angeles),
    abbreviation("akst", -540, America__Anchorage),
    abbreviation("akdt", -480, America__Anchorage),
    abbreviation("hst", -600, Pacific__Honolulu),
    abbreviation("aest", 600, Australia__Sydney),
    abbreviation("aedt", 660, Australia__Sydney),
    abbreviation("awst", 480, Australia__Perth),
    abbreviation("nzst", 720, Pacific__Auckland),
    abbreviation("nzdt", 780, Pacific__Auckland),
    abbreviation("sast", 120, Africa__Johannesburg),
];

/// The same in full, as they stand behind a time: `6pm Eastern Standard Time`, `6pm Pacific`. In lower case.
pub const FULL_NAMES: &[Abbreviation] = &[
    all_year("eastern", America__New_York),
    all_year("eastern time", America__New_York),
    all_year("us eastern", America__New_York),
    all_year("us eastern time", America__New_York),
    abbreviation("eastern standard time", -300, America__New_York),
    abbreviation("eastern daylight time", -240, America__New_York),
    all_year("central", America__Chicago),
    all_year("central time", America__Chicago),
    all_year("us central", America__Chicago),
    all_year("us central time", America__Chicago),
    abbreviation("central standard time", -360, America__Chicago),
    abbreviation("central daylight time", -300, America__Chicago),
    all_year("mountain", America__Denver),
    all_year("mountain time", America__Denver),
    all_year("us mountain time", America__Denver),
    abbreviation("mountain standard time", -420, America__Denver),
    abbreviation("mountain daylight time", -360, America__Denver),
    all_year("pacific", America__Los_Angeles),
    all_year("pacific time", America__Los_Angeles),
    all_year("us pacific", America__Los_Angeles),
    all_year("us pacific time", America__Los_Angeles),
    abbreviation("pacific standard time", -480, America__Los_Angeles),
    abbreviation("pacific daylight time", -420, America__Los_Angeles),
    all_year("alaska time", America__Anchorage),
    all_year("hawaii time", Pacific__Honolulu),
    all_year("atlantic time", America__Halifax),
    all_year("central european", Europe__Paris),
    all_year("central european time", Europe__Paris),
    abbreviation("central european summer time", 120, Europe__Paris),
    all_year("eastern european time", Europe__Athens),
    all_year("western european time", Europe__Lisbon),
    abbreviation("british summer time", 60, Europe__London),
    all_year("british time", Europe__London),
    all_year("korean time", Asia__Seoul),
    all_year("korean standard time", Asia__Seoul),
    all_year("japanese time", Asia__Tokyo),
    all_year("chinese time", Asia__Shanghai),
    all_year("taiwanese time", Asia__Taipei),
    all_year("singaporean time", Asia__Singapore),
    all_year("vietnamese time", Asia__Ho_Chi_Minh),
    all_year("thai time", Asia__Bangkok),
    all_year("filipino time", Asia__Manila),
    all_year("philippine time", Asia__Manila),
    all_year("philippine standard time", Asia__Manila),
    all_year("malaysian time", Asia__Kuala_Lumpur),
    all_year("indian time", Asia__Kolkata),
    all_year("indian standard time", Asia__Kolkata),
    all_year("german time", Europe__Berlin),
    all_year("french time", Europe__Paris),
    all_year("italian time", Europe__Rome),
    all_year("spanish time", Europe__Madrid),
    all_year("dutch time", Europe__Amsterdam),
    all_year("polish time", Europe__Warsaw),
    all_year("swedish time", Europe__Stockholm),
    all_year("swiss time", Europe__Zurich),
    all_year("irish time", Europe__Dublin),
    all_year("greek time", Europe__Athens),
    all_year("turkish time", Europe__Istanbul),
    all_year("moscow time", Europe__Moscow),
    all_year("israeli time", Asia__Jerusalem),
    all_year("gulf standard time", Asia__Dubai),
    abbreviation("greenwich mean time", 0, UTC),
    abbreviation("coordinated universal time", 0, UTC),
    abbreviation("universal time", 0, UTC),
    abbreviation("australian eastern standard time", 600, Australia__Sydney),
    abbreviation("australian eastern daylight time", 660, Australia__Sydney),
];

"""Texts of every odd kind, to compare two backends with. Seeds written by hand for sentiq, combined by fixed rules."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from modelkit.data import load_texts

PRAISE = (
    "房间干净又安静，前台很热情", "味道很好，全家都喜欢", "穿着舒服，值得购买", "物流很快，第二天就到了",
    "屏幕清晰，性价比高", "洗完很柔顺，会回购的", "书写得真好，孩子看得入迷", "老板人不错，下次还来",
)  # fmt: skip
BLAME = (
    "房间又脏又吵，再也不来了", "等了两个小时，饭都凉了", "穿了一天就开线，后悔买了", "苹果烂了一大半，差评",
    "用了三天就死机，太失望了", "包装破了，东西也碎了", "叫了半天没人理，态度恶劣", "和图片完全不一样，上当了",
)  # fmt: skip
SENTENCES = tuple(text for pair in zip(PRAISE, BLAME, strict=True) for text in pair)

LONG_WORD = "a" * 99
LONG = "".join(
    f"第{number}家店的东西很好，abcdefghijklmnopqrstuvwxyz{number}可是客服态度太差了！" for number in range(60)
)
# What once broke a tokenizer, a graph or a window, ours or another's.
EDGE_CASES = (
    *("", " ", "\u3000\n", "。", "…………", "!!!???", "😀", "😀😀👍", "👨‍👩‍👧", "🫠🫨"),
    *("[SEP]", "[MASK][MASK]", "[ SEP ]", "[[SEP]SEP]", "[sep]", "[CLS]好[SEP]"),
    *("ａｂｃ１２３", "ABC abc", "é É ﬁ", "かわいい", "𠮷野家"),
    *(LONG_WORD, "a" * 101, "9" * 300, "好" * 253, "好" * 254, "好" * 255),
    *("好\u200b吃", "\ufeff很好", "很好\t很差", "<b>很好</b>", "' OR 1=1 --"),
)
SEEDS = {
    "emoji": ("👍👍👍", "😡", "🤮🤢", "❤️", "👩🏽‍🍳", "🏳️‍🌈", "🇨🇳🇭🇰", "1️⃣2️⃣", "☺︎", "🥹🫶", "🙃😂😅", "♻️✂️"),
    "kaomoji": ("(╯°□°）╯︵ ┻━┻", "(๑•̀ㅂ•́)و✧", "QAQ", "orz", "(^_^)v", "٩(๑❛ᴗ❛๑)۶", "T_T", "=_=|||"),
    "newer code points": ("🫨", "🩷🩵🩶", "🫩", "\U0001fadf", "\U0001f6d8", "\U00031350字", "\U0002ebf0", "\u061d"),
    "rare characters": ("𠮷", "𨋢好快", "㐂㐂", "龘靐齉", "𪚥𪚥", "㙓嘦嘂", "〇〇", "巭孬嫑夯", "\U0002b84a"),
    "traditional": ("質量很好", "態度惡劣，髒亂差", "這個東西還不錯", "後悔買了這臺電腦", "乾淨衛生", "著作等身"),
    "full width": ("ＯＫ！", "１２３．４５", "ＷｉＦｉ", "（好评）", "～～～", "％＃＠", "｡｢ﾃｽﾄ｣", "Ａ＋＋"),
    "mixed scripts": ("iPhone15很卡", "Отлично хорошо", "아주 좋아요", "とても良い", "สวยมาก", "ΟΔΟΣ καλός"),
    "accents": ("naïve café", "Ça va très bien", "İstanbul", "straße", "ÅÄÖ", "ﬁne", "ŉ", "ǅ", "Ǆ差"),
    "right to left": ("ممتاز جدا", "מוצר טוב", "سيئ للغاية 差", "\u2067很好\u2069", "\u202eabc\u202c", "خدمة 5/5"),
    "combining marks": ("e\u0301", "好\u0301\u0302", "Z̷̡a̶l̴g̵o̷", "\u1112\u1161\u11ab", "q\u0307\u0323", "\u0338好", "ẛ̣"),
    "control characters": ("好\x00吃", "很\x07好", "差\x1b[31m评", "好\x7f", "第一行\r\n第二行", "\x0b好\x85"),
    "white space": ("  很 好  ", "好\u3000吃", "好\u2003差", "\u00a0好", "好\u2028差", "\n\n差\n", "好\u1680差"),
    "blank": ("\t\t", "\u200b", "\u2800", "\ufe0f", "\u00ad", "\u3164", "\u200d\u200d", "\u180e", "\x00\x01"),
    "special tokens": ("[SEP]好", "好[PAD]", "[UNK][UNK]", "很[MASK]好", "[CLS]", "##好", "[unused1]", "[SEP"),
    "web": ("https://example.com/a?b=1&c=%E5%A5%BD", "www.example.com", "a.b+c@example.org", "@小明 #好物#", "&lt;"),
    "code": ("if (x==0) {return;}", "SELECT * FROM t;", '{"好":"坏"}', "<br/>好", "C:\\temp\\新建", "$\\alpha^2$"),
    "numbers": ("¥1,299.00", "3.14159", "-40℃", "1e400", "五星", "100分！", "½ ⅷ ②", "٣٤٥", "2026-01-02"),
    "repeated": ("哈哈哈哈哈哈哈哈", "！！！！！！", "好好好好好好", "aaaaaaaa", "。。。", "666666", "啊" * 40),
    "dialect": ("忒好吃咧", "唔该晒，几好食", "巴适得板", "这玩意儿贼拉好", "侬晓得伐，邪气灵", "瓜兮兮的"),
    "poetry": ("新茶一盏晚风凉", "月在窗前人在途", "一夜秋声半卷书", "雪满空山灯未熄", "雨也迟迟，信也迟迟"),
    "slang": ("yyds", "绝绝子", "无语子", "xswl", "就这？", "栓Q", "emo了", "踩雷", "真香", "芭比Q了", "awsl"),
    "irony": ("呵呵，真是谢谢您嘞", "可真行，等了一天", "好一个五星级", "厉害了，越修越坏", "不是不好，是没法说好"),
    "punctuation": ("“好”", "——", "《很好》", "【差评】", "、、、", "·•‧", "¿好?", "‽", "⸘", "﹏﹏", "︵︶", "⹃好"),
    "symbols": ("★★★★★", "☆☆", "→好←", "♪♫", "㊙️", "①②③", "㎡㎏", "™®©", "∑∞≠", "█▓▒░", "𝓰𝓸𝓸𝓭", "🄰🄱", "ﷺ"),
    "long words": ("a" * 100, "b" * 200, "Verstaendigungsschwierigkeitenbewaeltigung", "x1" * 60),
}  # fmt: skip
# Around the edges of windows of 32, 64, 128, 256 and 512 tokens, two of which are [CLS] and [SEP].
EDGE_LENGTHS = tuple(window + step for window in (32, 64, 128, 256, 512) for step in (-3, -2, -1, 0))


def choose_texts(csv: Path | None) -> Sequence[str]:
    """Return the texts of a CSV with a column text, or the built-in ones if no file is named.

    Raises:
        DataError: the file cannot be used.
    """
    return load_texts(csv) if csv else list_odd_texts()


def list_odd_texts() -> tuple[str, ...]:
    """Return more than 500 different texts, always the same ones in the same order."""
    seeds = [seed for kind in SEEDS.values() for seed in kind]
    parts = (EDGE_CASES, SENTENCES, (LONG,), seeds, _place_in_sentences(seeds), _join_kinds(), _list_lengths())
    return tuple(dict.fromkeys(text for part in parts for text in part))


def _place_in_sentences(seeds: list[str]) -> Iterator[str]:
    """Yield each seed before, inside or after a sentence, in turn."""
    for number, seed in enumerate(seeds):
        sentence = SENTENCES[number % len(SENTENCES)]
        place = (0, len(sentence) // 2, len(sentence))[number % 3]
        yield sentence[:place] + seed + sentence[place:]


def _join_kinds() -> Iterator[str]:
    """Yield two seeds of neighbouring kinds in one text."""
    kinds = list(SEEDS.values())
    for first, second in zip(kinds, (*kinds[1:], kinds[0]), strict=True):
        yield from (left + right for left, right in zip(first, second, strict=False))


def _list_lengths() -> Iterator[str]:
    """Yield texts that just fit a window, and texts that just do not."""
    story = "，".join(SENTENCES)
    for length in EDGE_LENGTHS:
        yield (story * (length // len(story) + 1))[:length]

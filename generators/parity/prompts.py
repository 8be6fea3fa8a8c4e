"""Prompts in many scripts: 200 to tokenise, a few odd ones to generate from."""

import random

SENTENCES = """A red ball rolls slowly over the green grass under a blue sky.
Two cats play with a ball of yellow wool beside the window, soft morning light.
The boat sails to the right across a calm sea at sunset, cinematic, wide shot.
Ein kleines Haus am Waldrand, es schneit, und aus dem Schornstein steigt Rauch.
Größere Äpfel fallen über die Straße, süß und schön.
Un pêcheur rêve près du vieux château, où l'été s'achève déjà.
El niño corrió detrás de la cigüeña mientras llovía en Málaga.
Żółta łódź płynie po jeziorze, a nad nią lecą gęsi.
Красный мяч медленно катится по зелёной траве.
Η γάτα κοιμάται δίπλα στο παράθυρο και ονειρεύεται ψάρια.
一只红色的球在绿色的草地上慢慢滚动。
夕日の海を小さな船が右へ進む、映画のような光。
빨간 공이 푸른 잔디 위를 천천히 굴러간다.
كرة حمراء تتدحرج ببطء على العشب الأخضر.
כדור אדום מתגלגל לאט על הדשא הירוק.
लाल गेंद हरी घास पर धीरे-धीरे लुढ़कती है।
ลูกบอลสีแดงกลิ้งช้าๆ บนหญ้าสีเขียว
Quả bóng đỏ lăn chậm trên bãi cỏ xanh.
Kırmızı top yeşil çimenin üzerinde yavaşça yuvarlanıyor.
Punainen pallo vierii hitaasti vihreällä nurmella.
ლურჯი ჩიტი ხეზე ზის და მღერის.
Կարմիր գնդակը գլորվում է կանաչ խոտի վրա։
A 4k video of 3 dogs, 1 man & 2 cars; f/1.8, 50 mm, ISO-100 (high detail).
""".splitlines()

ODD = [
    "",
    " ",
    "\n\t  \r\n",
    "a",
    ".",
    "!!!???...",
    "🐈‍⬛ 👩🏽‍🚀 🇫🇷 🏴󠁧󠁢󠁷󠁬󠁳󠁿 ❤️‍🔥",
    "naïve café — “quoted” ‘text’ … ﬁne ﬂow ﬀ",
    "ＦＵＬＬ　ＷＩＤＴＨ　ｔｅｘｔ　１２３",
    "e\u0301a\u0300o\u0308 u\u0308ber",
    "tab\tnew\nline\r\nend",
    "bell\x07 null-free \x1b[31mred\x1b[0m escape",
    "zero\u200bwidth\u200djoin\ufeffbom",
    "&lt;b&gt;bold&lt;/b&gt; &amp;amp; &copy; &#233; &eacute; &nope;",
    "</s> <pad> <unk> <extra_id_0> text </s>",
    "<s>[INST] ignore [/INST]",
    "▁already▁marked ▁ text",
    "½ ² ³ ™ ℃ Ⅳ ㎞ ㍿ ① ⑳",
    "𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𝕕𝕠𝕦𝕓𝕝𝕖 𝒔𝒄𝒓𝒊𝒑𝒕",
    "क्षत्रिय ज्ञानी श्रृंखला",
    "ﷺ ﻻ ﺍﻟﻌﺮﺑﻴﺔ",
    "\u202eright to left\u202c override",
    "a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307 stacked",
    "한글 각각 \u1112\u1161\u11ab\u1100\u1173\u11af",
    "http://example.org/a?b=c&d=e#f user@example.org",
    "C:\\temp\\file.txt \\n \\u0041",
    "0123456789 3.14159 1,000,000 -40 °C",
    "UPPER lower MiXeD cAsE",
    "   leading and trailing   ",
    "double  spaces   and    more",
    "\u00a0no-break\u00a0space\u2003em\u2009thin",
    "\u3000全角空白\u3000",
    "The Mona Lisa doesnâ€™t have eyebrows.",
    "schÃ¶n und groÃŸ, cafÃ©",
    "l’humanitÃ©",
    "x" * 300,
    "ab " * 200,
    "日本語" * 120,
    "🙂" * 64,
    "\ufffd replacement \u2028 line \u2029 paragraph",
]


def for_tokenizing():
    """200 prompts: the sentences, the odd ones, 10,000 characters, and seeded mixtures."""
    rng = random.Random(7)
    prompts = SENTENCES + ODD
    long = " ".join(rng.choice(SENTENCES) for _ in range(400))
    prompts.append(long[:10_000])
    letters = "".join(SENTENCES) + "🐈🚀❤️\u200d\u0301\t\n ﬁＡ½&;<>"
    while len(prompts) < 200:
        if rng.random() < 0.5:
            words = " ".join(SENTENCES).split()
            prompts.append(" ".join(rng.choice(words) for _ in range(rng.randrange(1, 60))))
        else:
            prompts.append("".join(rng.choice(letters) for _ in range(rng.randrange(1, 120))))
    return prompts

"""What common emoji say in one Chinese character, so that they can share its embedding.

Reviews hold too few emoji to learn from, and to the model an emoji it does not know is any unknown character. Emoji
whose feeling depends on the sentence (😂, 🙃, 😅) are left out: unknown is the truth about them.
"""

MEANINGS = {
    "好": "😀😁😃😄😆😊🙂😌😇😋😎🤗☺✌👌🆗✅🌞🌟⭐✨",
    "赞": "👍👏🎉🎊💯🙌🥳🏆🥇",
    "棒": "🤩💪🔥🚀👑",
    "爱": "❤💕💖💗💓💘💝💛💙💜🧡💚😍🥰😘😻♥🌹🌸",
    "差": "👎😞😟🙁☹😒😔😕😣😖😫😩😤❌🚫",
    "烂": "💩🤮🤢",
    "骂": "😡😠🤬👿🖕",
    "哭": "😭😢😿💔😥😰😨😱",
}
ALIASES = {emoji: character for character, emojis in MEANINGS.items() for emoji in emojis}

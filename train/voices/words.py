"""Words for the sentences of `corpus.py`: everyday ones, with every sound of English."""

from __future__ import annotations

from typing import Final


def _split(text: str) -> tuple[str, ...]:
    """Entries are separated by commas."""
    return tuple(" ".join(entry.split()) for entry in text.split(","))


PEOPLE: Final = _split("""
    my mother, my father, the teacher, a young woman, the old man, our neighbour, the doctor,
    Peter, Mary, Bob, Pamela, Joshua, Sophie, Victor, Yvonne, George, Charlotte, Theo, Emma,
    the baker, a pilot, the whole family, my best friend, the boy, a girl, the manager, Uncle Joe,
    everybody, somebody, the engineer, a visitor, the choir, the judge, Hugh, Beth, Zoe, the crew,
    the photographer, the woman upstairs, the mayor, my younger brother, Ruth, Oliver
""")
THINGS: Final = _split("""
    the map, a book, the blue bag, an umbrella, the window, a cup of coffee, the yellow vase,
    the garage key, a measuring tape, the television, a paper boat, the wooden box, two oranges,
    the first page, a birthday cake, some cheese, the broken chair, an old photograph, the camera,
    a pair of shoes, the joyful news, the television show, five ripe pears, a heavy suitcase,
    the beige jumper, a treasure chest, the weather report, some milk, the big brown dog, a bottle,
    the phone, the thick rope, a feather, the bicycle, a bowl of soup, the moon, a huge elephant,
    the newspaper, an empty room, a piece of music, the purple curtains, her voice, the machine,
    a good question, the answer, an ice cream, the coin, the fishing boat, a warm bath, the bridge
""")
PAST: Final = _split("""
    found, bought, forgot, opened, moved, washed, repaired, showed me, gave away, borrowed,
    brought back, chose, imagined, kept, lifted, noticed, painted, pushed, remembered, saw,
    shared, threw away, touched, used, wanted, watched, wrapped, enjoyed, described, fetched,
    picked up, put down, pulled, measured, managed to sell, promised to bring, left behind, hid
""")
BASE: Final = _split("""
    find, buy, forget, open, move, wash, repair, show us, give away, borrow, bring, choose,
    imagine, keep, lift, paint, push, remember, see, share, throw away, touch, use, watch, wrap,
    enjoy, describe, pick up, put down, pull, measure, sell, hide, explain, pay for, ask about
""")
PLACES: Final = _split("""
    in the kitchen, at the station, on the beach, under the bridge, behind the house, near the pool,
    in the middle of the village, at the museum, by the river, on the roof, in the garden,
    at the airport, next to the church, inside the cave, over there, on the other side of the road,
    at home, in the shop, between two trees, above the clouds, along the path, outside, in Europe,
    at the corner of the park, on the third floor, in front of the theatre
""")
TIMES: Final = _split("""
    yesterday, this morning, on Thursday, last week, before breakfast, at half past four, in July,
    after the show, every evening, a few minutes ago, in the spring, on the fifth of May, at noon,
    as usual, once again, for the first time, all day long, without a word, by mistake, at once,
    in nineteen ninety seven, two years ago, in the evening, just in time
""")
QUALITIES: Final = _split("""
    beautiful, simple, very funny, rather expensive, completely empty, warm and comfortable,
    a bit too loud, surprisingly cheap, perfect, worth the trouble, much bigger than before, wrong,
    possible, quite smooth, fresh, as good as new, famous, unusual, easier than you think, free,
    amazing, terribly boring, broken, full of people, ready, out of order, a pleasure to watch
""")
FEELINGS: Final = _split("""
    happy, tired, proud, nervous, curious, hungry, furious, calm, worried about the weather,
    busy with work, glad to be home, afraid of bees, thirsty, pleased, sure about that, ashamed,
    ready for anything, in a good mood, fond of chocolate, awake
""")
OPENINGS: Final = _split("""
    well, honestly, of course, by the way, as you know, to be fair, in my opinion, first of all,
    oh, you see, for example, after all, believe me, actually, fortunately, in other words
""")
ANSWERS: Final = _split("""
    Yes please, No thank you, Good morning, Maybe tomorrow, Why not, How do you do, What a surprise,
    Thank you very much, Excuse me, I beg your pardon, See you on Wednesday, Have a nice evening,
    Just a moment, You are welcome, Goodbye for now, Sorry about that, That sounds great,
    Happy birthday, Watch out, Nice to meet you, What do you mean, Give me a break, Wow,
    Absolutely, Let me think about it, Never mind, Come on, Don't worry, Who knows, I hope so
""")
REASONS: Final = _split("""
    because it was raining, because nobody asked, although the bus was late, while the baby slept,
    before the shops closed, when the phone rang, so that we could leave early, if you ask me,
    since the road was icy, until the music stopped, after the visitors had gone,
    because the view is wonderful, even though it costs more, unless you have a better idea
""")
NUMBERS: Final = _split("""
    one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen,
    fifteen, sixteen, seventeen, eighteen, nineteen, twenty, thirty two, forty six, fifty five,
    sixty one, seventy seven, eighty three, ninety nine, a hundred, a thousand, a million
""")
COUNTED: Final = _split("""
    people, pages, bottles, minutes, boxes, apples, pounds, questions, chairs, ships, mountains,
    thumbs, vegetables, wishes, watches, beaches, voices, choices, lamps, jumps, months, wolves
""")

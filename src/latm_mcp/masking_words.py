"""Words that hardly ever belong to a question's instance, in the languages most asked in: those of grammar, and those that say what to do.

The guard (masking_guard.py) uses both: where a tool's examples have other words in each question, any word is taken for another
instance's, but none of these. Finding candidates leaves out the words of grammar. In other languages there is
a question's structure alone to go by.
"""

from collections.abc import Collection
from functools import cache

_ENGLISH = """
a an the this that these those it its they them their theirs he she him her his hers you your we our us i me my of to
in on at by for from with without into onto upon over under between among through during before after until till since
about against per via within than then as so such and or nor but not no if unless when while where whether because
though although who whom whose what which why how is are was were be been being am do does did done has have had
having can could may might must shall should will would only also too even just still again there here up out off
please answer give tell following options option one now all any both each every either neither some none other
another same let like want need many much more most less using use kind ask know i'd i'm i've what's
"""
_ENGLISH_TASKS = """
instead except excluding including ignore ignoring omit skip skipping exclude include leave first last second third
next previous final latest earliest longest shortest largest smallest biggest greatest highest lowest least fewest
fewer oldest newest middle reverse reversed backward backwards descending ascending decreasing increasing opposite
order ordered sorted sort alphabetical alphabetically numerically length count counting number total sum average mean
median maximum minimum max min difference product twice double half different rather duplicate duplicates unique
distinct repeated return find list write print convert translate replace remove delete add subtract multiply divide
plus minus times round rounded uppercase lowercase capital capitals letters vowels syllables always never
"""
_GERMAN = """
der die das den dem des ein eine einen einem einer eines dieser diese dieses diesen diesem jener jene es sie er wir
ihr ich du man mein dein sein ihre ihren mir mich dir uns bitte und oder aber nicht kein keine keinen nur auch noch
schon sondern als wie wenn ob weil dass damit zu zum zur von vom in im ins an am auf aus bei bis durch für gegen mit
nach ohne seit über um unter vor zwischen innerhalb außer ist sind war waren wird werden wurde hat haben hatte kann
können könntest muss müssen soll sollen darf was wer wen wem wessen welche welcher welches welchen wo wann warum wieso
viele viel jede jeder jedes jeden alle allen alles beide gib nenne folgende folgenden folgender folgendes
möglichkeiten optionen so dann da nun jetzt mal hier gibt mehr weniger
"""
_GERMAN_TASKS = """
statt anstatt anstelle wieviel meisten wenigsten erste ersten erster erstes letzte letzten letzter letztes zweite
zweiten dritte nächste vorherige früheste frühesten frühestes späteste spätesten spätestes längste längsten längstes
kürzeste kürzesten kürzestes größte größten größtes kleinste kleinsten kleinstes höchste höchsten niedrigste älteste
älteren neueste neuesten umgekehrt umgekehrte umgekehrter umgekehrten rückwärts absteigend absteigender absteigende
aufsteigend aufsteigender reihenfolge länge anzahl zahl summe durchschnitt mittelwert gesamt insgesamt ignoriere
ignorieren überspringe lasse lass weg doppelte doppelten eindeutige zähle schreibe sortiere ordne finde bestimme
berechne entferne großbuchstaben kleinbuchstaben buchstaben alphabetisch ausgenommen jedoch plus minus mal
"""
_FRENCH = """
le la les un une des du de au aux ce cet cette ces il elle ils elles on nous vous je tu son sa ses leur leurs mon ma
mes et ou mais ni ne pas non que qui quoi dont où quand comment pourquoi quel quelle quels quelles si à en dans sur
sous par pour avec sans avant après entre depuis jusque vers chez est sont était être a ont avoir plus moins très
aussi seulement chaque tous toutes tout autre même donnez suivants suivantes options
"""
_FRENCH_TASKS = """
combien sauf hors premier première premiers dernier dernière derniers deuxième second troisième suivant précédent
inverse inversé inversement décroissant croissant ordre longueur nombre somme moyenne total ignorez ignore ignorer
trouvez triez comptez écrivez supprimez doublons tôt tard long longue court courte grand petit lettres majuscules
minuscules
"""
_SPANISH_AND_PORTUGUESE = """
el la los las un una unos unas lo de del al a en con sin por para sobre entre desde hasta antes después y e o u pero
ni no que qué quién cuál cuáles cómo cuándo dónde si es son era ser está están hay tiene más menos muy también solo
sólo cada todos todas todo otro otra mismo siguientes os as um uma do da dos das ao em na com sem até depois mas nem
não quem qual quais como quando onde são mais também apenas outro mesma seguintes opções opciones
"""
_SPANISH_AND_PORTUGUESE_TASKS = """
cuánto cuánta cuántos cuántas excepto salvo primero primera primeros último última últimos segundo tercero siguiente
anterior inverso inversa descendente ascendente orden longitud número suma promedio ignora ignore omite ordena cuenta
escribe encuentra elimina duplicados largo larga corto corta mayor menor tarde temprano letras mayúsculas minúsculas
quanto quantos quantas exceto primeiro primeira seguinte decrescente crescente ordem comprimento soma média invertida
"""
_ITALIAN_AND_DUTCH = """
il lo i gli un uno di del della dei delle da dal in nel con senza su per tra fra prima dopo e o ma né non che chi
quale quali come quando dove se è sono era essere ha hanno più meno anche solo ogni tutti tutte altro seguenti de het
een deze dit die dat en of maar niet geen van te naar op aan uit bij met zonder voor na tussen over onder als dan is
zijn was waren wordt heeft hebben kan moet wat wie welke waar wanneer meer minder ook alleen elke alle andere volgende
"""
_ITALIAN_AND_DUTCH_TASKS = """
quanto quanti quante tranne primo ultimo ultima secondo inverso decrescente crescente ordine lunghezza numero somma
media ignora conta scrivi hoeveel behalve eerste laatste tweede omgekeerd omgekeerde aflopend oplopend volgorde lengte
aantal som gemiddelde negeer tel sorteer
"""
_RUSSIAN = """
и или но не ни нет а в во на с со к ко по о об от до из за у для без при под над между через после перед если что
чтобы как когда где кто какой какая какое какие каком чей это этот эта эти тот та те он она оно они мы вы я ты его её
их есть был была было были быть только также тоже уже ещё каждый каждое все всех другой самый самая самое следующие
следующих
"""
_RUSSIAN_TASKS = """
сколько кроме первый первая первое первого последний последняя последнее последнего второй третий следующий предыдущий
обратном обратный обратно убыванию убывания возрастанию возрастания порядке порядок длине длина длины число количество
сумма среднее раннее позднее поздний ранний длинное короткое больше меньше наибольший наименьший игнорируй игнорируя
пропусти удали напиши найди посчитай отсортируй
"""
_SIGNS = """
逆序 倒序 降序 升序 反向 相反 长度 笔画 数量 多少 几个 最后 最先 最早 最晚 最长 最短 最大 最小 最多
最少 第一 第二 第三 忽略 不要 不是 除了 除去 删除 去掉 重复 总和 总数 平均 之前 之后 之间 而不 只要
只有 倒数 个数 逆順 降順 昇順 反対 長さ 文字 最後 最初 最長 除く 除い 無視 合計 いく くつ 何個 以外
ない ただ だけ 前の 後の
"""
_PASSED_OVER = """
from into onto upon about against them they their theirs him her his she he me my we us our you your it its too also
more less many much have has had do does did done am be been being is are was were can could may might shall should
will would must no not none same other another such even still just over under through during while since because
though who whom whose what which where when how why than then so nor per via any each both either
"""

GRAMMAR = frozenset(
    " ".join((_ENGLISH, _GERMAN, _FRENCH, _SPANISH_AND_PORTUGUESE, _ITALIAN_AND_DUTCH, _RUSSIAN)).split()
)
LANGUAGES = tuple(
    frozenset(" ".join(words).split())
    for words in (
        (_ENGLISH, _ENGLISH_TASKS),
        (_GERMAN, _GERMAN_TASKS),
        (_FRENCH, _FRENCH_TASKS),
        (_SPANISH_AND_PORTUGUESE, _SPANISH_AND_PORTUGUESE_TASKS),
        (_ITALIAN_AND_DUTCH, _ITALIAN_AND_DUTCH_TASKS),
        (_RUSSIAN, _RUSSIAN_TASKS),
    )
)
SIGNS = frozenset(_SIGNS.split())
SIGN_PARTS = frozenset("不没沒未非除仅僅只倒逆反无無勿免先再折")
# Words of grammar that do turn up in lists of words: one alone between two words of the instance says nothing.
PASSED_OVER = frozenset(_PASSED_OVER.split())


@cache
def instructing(languages: tuple[int, ...]) -> frozenset[str]:
    """The words of these languages, by their place in LANGUAGES; the unspaced scripts' always."""
    return SIGNS.union(*(LANGUAGES[number] for number in languages))


def is_instructing(text: str, kind: str, of: frozenset[str]) -> bool:
    """Whether a token is one of these words, or has a sign of negation or order."""
    return text in of or (kind == "§han" and not SIGN_PARTS.isdisjoint(text))


def languages_of(words: Collection[str]) -> tuple[int, ...]:
    """The languages that these words, which all of a tool's examples have, are likely in; all of them if none can be told."""
    hits = [len(language.intersection(words)) for language in LANGUAGES]
    return tuple(number for number, count in enumerate(hits) if 2 * count >= max(hits))

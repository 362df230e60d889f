package check

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/infolettre/infolettre/pipeline/render/markdown"
)

// words looks for what typography does not mend because it would touch the
// spelling. Of a word that comes again, an entry is told once.
func (b *builder) words(t markdown.TextRef) {
	lang := t.Lang
	if lang == "" {
		lang = b.entry.Lang
	}
	if base, _, _ := strings.Cut(lang, "-"); base != "fr" || b.entry.Plain {
		return
	}
	for field := range strings.FieldsSeq(t.Text) {
		if isAddress(field) {
			continue
		}
		for word := range strings.FieldsFuncSeq(field, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			switch {
			case hasDigraph(word) && ligature.MatchString(word):
				b.word("word-oe", t.Line, word, ligated(word))
			case accents[word] != "":
				b.word("word-capital", t.Line, word, accents[word])
			case isPluralAcronym(word):
				b.word("word-acronym", t.Line, word, word[:len(word)-1])
			}
		}
	}
	b.phrases(t.Line, t.Text)
}

// phrases looks at more than a word. Expressions are slow, so a quick look
// goes before each.
func (b *builder) phrases(line int, text string) {
	if strings.Contains(text, "A ") {
		for rest := text; ; { // a sentence's end is the next one's beginning
			at := capitalA.FindStringSubmatchIndex(rest)
			if at == nil {
				break
			}
			found := rest[at[2]:at[3]]
			b.word("word-capital", line, found, "À"+found[1:])
			rest = rest[at[3]:]
		}
	}
	if strings.ContainsAny(text, "xX") && strings.ContainsAny(text, "0123456789") {
		for _, m := range crossed.FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(m[1], "0x") {
				b.word("word-times", line, m[1], times.ReplaceAllString(m[1], "\u00a0×\u00a0"))
			}
		}
	}
	if strings.IndexByte(text, '(') >= 0 {
		b.signs(line, strings.ToLower(text))
	}
}

// signs looks for signs that typewriters lacked. "(c)" after "(b)" is a point
// of a list.
func (b *builder) signs(line int, text string) {
	for _, s := range [][2]string{{"(c)", "©"}, {"(r)", "®"}, {"(tm)", "™"}} {
		if strings.Contains(text, s[0]) && !strings.Contains(text, "(b)") {
			b.word("word-sign", line, s[0], s[1])
		}
	}
}

func (b *builder) word(id string, line int, word, instead string) {
	if b.told == nil {
		b.told = map[string]bool{}
	}
	if b.told[id+word] {
		return
	}
	b.told[id+word] = true
	b.warn(id, line, map[string]any{"Word": word, "Instead": instead})
}

// isAddress reports what no rule of words is for: a URL, a domain, an e-mail
// address, the name of a file, a handle, a path.
func isAddress(field string) bool {
	if strings.Contains(field, "://") || strings.ContainsAny(field, "@\\") || field[0] == '#' || field[0] == '/' {
		return true
	}
	dot := strings.LastIndexByte(strings.TrimRight(field, ".,;:!?)»"), '.')
	return dot > 0 && dot+1 < len(field) && field[dot+1] >= 'a' && field[dot+1] <= 'z'
}

// hasDigraph reports two letters that may have to be one.
func hasDigraph(word string) bool {
	for i := 1; i < len(word); i++ {
		if word[i]|0x20 == 'e' && word[i-1]|0x20 == 'o' {
			return true
		}
	}
	return false
}

// isPluralAcronym: acronyms take no plural in French, des GPU, des ONG.
func isPluralAcronym(word string) bool {
	stem, plural := strings.CutSuffix(word, "s")
	if !plural || len(stem) < 2 || len(stem) > 6 {
		return false
	}
	return !strings.ContainsFunc(stem, func(r rune) bool { return r < 'A' || r > 'Z' })
}

// ligature lists the stems that French writes with œ. Others keep their two
// letters: coexister, moelle, poêle, goéland, Noël.
var ligature = regexp.MustCompile(`(?i)^(?:(?:c|ch|ranc|contrec|contrech)oeurs?|[ée]coeur(?:ant|er|ement|ée?s?|ants?|antes?|ait|e|ent)?|(?:con)?soeur(?:s|ette|ettes)?|` +
	`(?:ch)?oeuvr(?:e|es|er|ent|ait|ant|ons|ez)|man[oœ]euvr\pL*|d[ée]soeuvr\pL*|oeil(?:s|lade|lades|let|lets|lère|lères|leton|letons)?|(?:b)?oeufs?|` +
	`voeux?|noeuds?|moeurs|oesophag\pL*|oed[èe]m\pL*|oedip\pL*|foet(?:us|al|ale|aux|ales)|oeno(?:log|tour)\pL*|oestr(?:og|us)\pL*|oecum[ée]ni\pL*|coelacanthes?|coeliaques?|soeurs?)$`)

// ligated writes the first oe of a word as one letter.
func ligated(word string) string {
	i := strings.Index(strings.ToLower(word), "oe")
	letter := "œ"
	if word[i] == 'O' {
		letter = "Œ"
	}
	return word[:i] + letter + word[i+2:]
}

// accents lists common words whose capital loses its accent on keyboards that
// have none. Names of people are not among them: some write Eric.
var accents = capitals(`Ça Çà Âge Âgé Âgée Âgés Âme Âpre Ébauche Éberlué Éblouissant Écart Écarts Échange Échanges Échanger Échapper Échec Échecs
	Échelle Échelon Écho Échos Échéance Échéances Éclair Éclairage Éclairages École Écoles Écologie Écologique Écologiques Écologiste Écologistes
	Économie Économies Économique Économiques Économiste Économistes Écoute Écouter Écoutez Écran Écrans Écrire Écrit Écrits Écriture Écrivain
	Écrivains Écrivez Édit Éditer Éditeur Éditeurs Éditrice Édition Éditions Édito Éditorial Éditos Éducatif Éducation Effectué
	Égal Égale Égalité Également Église Églises Égout Égypte Élaborer Élaboration Électeur Électeurs Élection Élections Électoral Électricité
	Électrique Électriques Électronique Élevage Élevages Élève Élèves Élément Éléments Élémentaire Élu Élue Élues Élus Éloge Élysée Émancipation
	Émettre Émergence Émeute Émeutes Émission Émissions Émotion Émotions Énergétique Énergie Énergies Énième Énigme Énorme Énormément Énoncé Épais
	Épargne Épaule Épidémie Épique Épisode Épisodes Épilogue Épinglé Époque Époques Épouse Épreuve Épreuves Épuisé Épuisée Équation Équateur Équilibre
	Équipe Équipes Équipement Équipements Équiper Équité Équivalent Érosion Érudit Éruption Étable Établi Établir Établissement Établissements Étage Étages
	Étape Étapes État États Étant Étang Éteindre Étendre Étendue Éternel Éthique Éthiopie Ethnie Étiquette Étoile Étoiles Étonnant Étonnante Étonnamment
	Étrange Étranger Étrangers Être Étroit Étude Études Étudiant Étudiante Étudiants Étudier Évaluation Évaluer Évasion Éveil Évènement Évènements
	Événement Événements Éventuel Éventuellement Évidemment Évidence Évident Éviter Évitez Évolution Évolutions Évoluer Évoque Évoquer Évêque
	Île Îles Îlot Îlots Ôter Ô Èbre Ébola Écosse Édimbourg Émirats Équarrissage Étymologie Évangile Évreux Évry Épernay Épinal Étampes Étretat Éthique Élargir
	Élargissement Élan Élégance Élégant Éliminer Émerveillement Émouvant Épice Épices Épicerie Éponge Époustouflant Éprouver Étincelle Étonner Évacuation`)

// capitals maps each word as keyboards write it to the word itself. What is
// another word without its accent is not in it: Ou, La, Des, Cote.
func capitals(list string) map[string]string {
	plain := strings.NewReplacer("À", "A", "Â", "A", "Ç", "C", "É", "E", "È", "E", "Ê", "E", "Î", "I", "Ô", "O")
	words := map[string]string{}
	for word := range strings.FieldsSeq(list) {
		if typed := plain.Replace(word); typed != word && len([]rune(word)) > 1 {
			words[typed] = word
		}
	}
	delete(words, "Age") // English too, in names of all sorts
	return words
}

var (
	// capitalA is the preposition at the beginning of a sentence. Only what
	// follows it tells it from a letter or a note of music.
	capitalA = regexp.MustCompile(`(?:^|[.!?…:»]\s+)[«“"(]?\s?(A (?:l[’']\pL+|la|ce|cet|cette|ces|ceux|celles|celui|cela|chaque|cause|condition|contre|côté|défaut|demain|droite|gauche|` +
		`bientôt|d[’']autres|midi|minuit|présent|jamais|quelques|table|vendre|louer|lire|écouter|voir|suivre|noter|retenir|savoir|découvrir|vos|votre|nos|notre|mon|ma|mes|son|sa|ses|leur|leurs|moins|mesure|mi|nouveau|partir|peine|` +
		`propos|quand|qui|quoi|quel|quelle|tous|toutes|tout|toute|travers|titre|terme|vous|nous|lui|eux|elle|elles|un|une|deux|trois|dix|vingt|cent|domicile|` +
		`ne pas|part|priori|posteriori|raison|force|base|temps|plus|vrai|pied|vélo|distance|long|court|moyen|aucun|aucune|Paris|Lyon|Marseille|Lille|` +
		`Toulouse|Bordeaux|Nantes|Rennes|Strasbourg|Montpellier|Nice|Grenoble|Dijon|Tours|Brest|Rouen|Nancy|Londres|Berlin|Rome|Bruxelles|Genève|Lausanne|Montréal|Québec))(?:[^\pL]|$)`)

	crossed = regexp.MustCompile(`(?:^|[^\pL\pN.,])(\d+(?:,\d+)?[  \x{202f}]?[xX][  \x{202f}]?\d+(?:[xX]\d+)?)(?:[^\pL\pN]|$)`)
	times   = regexp.MustCompile(`[  \x{202f}]?[xX][  \x{202f}]?`)
)

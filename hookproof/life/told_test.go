package life

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
)

// clubLife is a life whose object changes, with instants and a second story.
const clubLife = `{
	"names":   {"club": {"prefix": "club_"}, "card": {"prefix": "card_", "of": "club"}, "newCard": {"prefix": "card_", "of": "club", "suffix": "N"}, "list": {"prefix": "/v1/cards?club=club_", "of": "club"},
	            "owner": {}, "plan": {"other": "plan_other"}, "seats": {"default": 2}, "amount": {"default": 101}, "each": {"each": "seats"}, "more": {"add": ["seats", 2]}, "moreAmount": {"times": "more", "each": "seats"},
	            "half": {"percent": 50}, "credit": {"percent": -50}, "firstPlan": {"is": "plan"}},
	"times":   {"began": {}, "end.1": {"days": 30, "minutes": 7}, "end.2": {"days": 60, "minutes": 9}, "end": {"is": "end.1"}, "start": {"is": "began"}},
	"bind":    {"/data/object/id": "club", "/data/object/card": "card", "/data/object/url": "list", "/data/object/plan": "plan", "/data/object/seats": "seats", "/data/object/each": "each", "/data/object/owner": "owner",
	            "/data/object/start": "start", "/data/object/end": "end", "/data/object/at": "now", "/data/object/parts": "half", "/data/object/inner/plan": "firstPlan"},
	"words":   {"made":    {"event": "club.made.json", "at": 0, "says": "it is made", "sets": {"club": {"/status": "new", "/note": null}}},
	            "opened":  {"event": "club.changed.json", "at": 5, "says": "it is open", "sets": {"club": {"/status": "open", "/openedAt": {"time": "now"}}}},
	            "grown":   {"event": "club.changed.json", "at": 10, "says": "it has more seats", "becomes": {"seats": "more", "plan": "firstPlan"}},
	            "renewed": {"event": "club.changed.json", "at": 20, "says": "its second period has begun", "after": "end.1", "as": {"card": "newCard"}, "becomes": {"start": "end.1", "end": "end.2"}},
	            "noted":   {"event": "club.changed.json", "at": 30, "says": "it has a note", "sets": {"club": {"/note": {"json": {"by": "hand"}}}}, "bind": {"/data/object/inner": ""}},
	            "closed":  {"event": "club.closed.json", "at": 40, "says": "it is closed", "sets": {"club": {"/status": "closed"}}}},
	"phrases": {"running": ["made", "opened"]},
	"forms":   {"old": {"says": "of an older club", "anew": ["club"], "other": ["plan"], "without": ["owner"], "earlier": {"days": 5, "minutes": 1}, "needs": ["owner|plan"]}},
	"roles":   {"grants": "running", "ends": ["closed"]}}`

// clubFolder is a folder with the life and its bodies.
func clubFolder(text string) fstest.MapFS {
	object := `{"id": "club_1", "object": "club", "card": "card_1", "url": "/v1/cards?club=club_1", "plan": "plan_file", "seats": 0, "each": "50", "owner": "nobody", "parts": null, "status": "file", "note": 1, "openedAt": 1, "start": 1, "end": 1, "at": 1, "list": [{"seats": 1}], "inner": {"plan": "plan_file"}}`
	files := fstest.MapFS{"life.json": {Data: []byte(text)}}
	for _, name := range []string{"made", "changed", "closed"} {
		previous := ""
		if name == "changed" {
			previous = `, "previous_attributes": {"status": "?", "note": "?", "start": 0, "card": "?", "inner": {"plan": "?", "gone": "then"}, "list": []}`
		}
		files["2023-10-16/club."+name+".json"] = &fstest.MapFile{Data: []byte(`{"id": "evt_1", "object": "event", "api_version": "2023-10-16", "created": 1, "livemode": false, "pending_webhooks": 1, "request": null, "type": "club.` + name + `", "data": {"object": ` + object + previous + `}}`)}
	}
	return files
}

// readClub returns the life, and a function that tells a word in a story.
func readClub(t *testing.T) (*Life, func(word, story string) (object, previous map[string]any, created int64)) {
	t.Helper()
	l, err := ReadLife(clubFolder(clubLife), "lives/club")
	require.NoError(t, err)
	s := event.Subject{"club": "club_mine", "plan": "plan_mine", "owner": "me", "seats": 4, "amount": 101}
	return l, func(word, story string) (map[string]any, map[string]any, int64) {
		e, err := l.Told(word, strings.Fields(story)).About(s, "", false, time.Unix(1000, 0), false)
		require.NoError(t, err)
		var read struct {
			Created int64
			Data    struct {
				Object   map[string]any
				Previous map[string]any `json:"previous_attributes"`
			}
		}
		require.NoError(t, json.Unmarshal(e.Body, &read))
		return read.Data.Object, read.Data.Previous, read.Created
	}
}

// An object is what the words of its story have made of it, whatever the order of the schedule.
func TestAnObjectIsWhatItsStoryHasMadeOfIt(t *testing.T) {
	t.Parallel()
	_, told := readClub(t)
	const day = 24 * 60 * 60
	object, _, _ := told("made", "made")
	require.Equal(t, map[string]any{
		"id": "club_mine", "object": "club", "card": "card_mine", "url": "/v1/cards?club=club_mine", "plan": "plan_mine", "seats": 0.0, "each": "25", "owner": "me", "parts": nil, "status": "new", "note": nil, "openedAt": 1.0,
		"start": 1000.0, "end": 1000.0 + 30*day + 7*60, "at": 1000.0, "list": []any{map[string]any{"seats": 1.0}}, "inner": map[string]any{"plan": "plan_mine"},
	}, object)

	object, previous, created := told("renewed", "closed made renewed opened grown")
	passed := 32.0*day + 7*60 // the first period's end is two days past
	require.Equal(t, []any{"open", nil, "card_mineN", 1005.0}, []any{object["status"], object["note"], object["card"], object["openedAt"]}, "what was set stays, with the time when it was")
	require.Equal(t, []any{1000 - 2.0*day, 1000 + 60.0*day + 9*60 - passed, 1020.0}, []any{object["start"], object["end"], object["at"]})
	require.EqualValues(t, 1020, created, "the events themselves are of today")
	require.Equal(t, map[string]any{
		"status": "open", "note": nil, "start": 1000 - passed, "card": "card_mineN", "inner": map[string]any{"plan": "plan_mine", "gone": "then"}, "list": []any{map[string]any{"seats": 1.0}},
	}, previous, "what the object had before the event; what the event has removed stays as it is in the file")

	object, previous, _ = told("noted", "made noted")
	require.Equal(t, map[string]any{"by": "hand"}, object["note"])
	require.Nil(t, previous["note"])
	require.Equal(t, map[string]any{"plan": "plan_file"}, object["inner"], "what a word binds to nothing stays as it is in the file")
	object, _, _ = told("closed", "made opened noted closed")
	require.Equal(t, []any{"closed", map[string]any{"by": "hand"}}, []any{object["status"], object["note"]})

	object, previous, _ = told("closed", "closed")
	require.Equal(t, "closed", object["status"])
	require.Equal(t, 1005.0, object["openedAt"], "where the story has nothing before it, what grants is told")
	require.Nil(t, previous)
}

// A form's story is of another object beside the subject's.
func TestAFormIsASecondStory(t *testing.T) {
	t.Parallel()
	l, told := readClub(t)
	require.Equal(t, []string{"old-made", "old-opened"}, l.WordsOf("old-running"))
	require.Equal(t, "it is closed, of an older club", l.Vocabulary["old-closed"].Says)
	require.Equal(t, []string{"old", "", ""}, []string{l.FormOf("old-running"), l.FormOf("closed"), l.FormOf("old-vanished")})
	object, _, _ := told("old-closed", "old-made old-opened made opened old-closed closed")
	require.Equal(t, []any{"club_mineOld", "card_mineOld", "plan_other", "nobody", "closed"}, []any{object["id"], object["card"], object["plan"], object["owner"], object["status"]})
	require.Equal(t, 1000.0-5*24*60*60-60, object["start"])

	var ages []int64
	story := strings.Fields("old-made old-opened made opened old-closed closed")
	for _, word := range story {
		ages = append(ages, l.Told(word, story).Age)
	}
	require.True(t, slices.IsSorted(ages), "they happen as they are written: %v", ages)
	require.Len(t, slices.Compact(ages), len(story), "no two in one second: %v", ages)
	require.Equal(t, []int64{0, 5, 40}, []int64{ages[2], ages[3], ages[5]}, "the subject's own happen when they say")

	require.Empty(t, l.Vocabulary["old-closed"].Lacks(event.Subject{"plan": "x"}))
	require.Equal(t, "owner or plan", l.Vocabulary["old-closed"].Lacks(event.Subject{"club": "club_mine"}))
	require.Empty(t, l.Vocabulary["closed"].Lacks(nil))
	require.Nil(t, l.Told("vanished", nil))
}

// Numbers that follow from others are rounded so that parts add up.
func TestDerivedNumbers(t *testing.T) {
	t.Parallel()
	l, _ := readClub(t)
	s := event.Subject{"seats": 4, "amount": 101}
	for name, want := range map[string]int64{"each": 25, "more": 6, "moreAmount": 151, "half": 50, "credit": -51, "seats": 4} {
		require.Equal(t, want, l.number(name, s), name)
	}
	require.EqualValues(t, 101, l.number("amount", event.Subject{}))
	require.EqualValues(t, 50, percentOf(101, 100)+percentOf(101, -50), "what is taken off and what is left add up")
}

func TestTimesOfAStory(t *testing.T) {
	t.Parallel()
	l, _ := readClub(t)
	born := time.Unix(100_000_000, 0)
	require.Equal(t, map[string]time.Time{"end.1": born.Add(30*24*time.Hour + 7*time.Minute), "end.2": born.Add(60*24*time.Hour + 9*time.Minute)}, l.Times(born, "made", "closed"))
	passed := 32*24*time.Hour + 7*time.Minute
	require.Equal(t, map[string]time.Time{"end.1": born.Add(-48 * time.Hour), "end.2": born.Add(60*24*time.Hour + 9*time.Minute - passed)}, l.Times(born, "made", "renewed"))
	earlier := 5*24*time.Hour + time.Minute
	require.Equal(t, born.Add(30*24*time.Hour+7*time.Minute-earlier), l.Times(born, "old-made", "made")["old.end.1"])
}

// What is wrong with instants, forms and the context of a word is told in a sentence with its place.
func TestContextIsChecked(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ old, with, want string }{
		{`"end.2": {"days": 60`, `"end.2": {"days": 31`, ``},
		{`"end.2": {"days": 60, "minutes": 9}`, `"end.2": {"days": 30, "minutes": 9}`, `life.json:5: /times/end.2: it is less than a day from end.1`},
		{`"end": {"is": "end.1"}`, `"end": {"is": "end.9"}`, `life.json:5: /times/end/is: times has no "end.9" of its own`},
		{`"end": {"is": "end.1"}`, `"end": {"is": "start"}`, `life.json:5: /times/end/is: times has no "start" of its own`},
		{`"began": {}`, `"now": {}`, `life.json:5: /times/now: another name is called so`},
		{`"began": {}`, `"club": {}`, `life.json:5: /times/club: another name is called so`},
		{`"began": {}`, `"began": {"hours": 1}`, `life.json:5: /times/began/hours: the key is not known`},
		{`"after": "end.1"`, `"after": "end.9"`, `life.json:11: /words/renewed/after: times has no "end.9"`},
		{`"as": {"card": "newCard"}`, `"as": {"card": "oldCard"}`, `life.json:11: /words/renewed/as/card: names and times have no "oldCard"`},
		{`"becomes": {"start": "end.1"`, `"becomes": {"began.1": "end.1"`, `life.json:11: /words/renewed/becomes/began.1: names and times have no "began.1"`},
		{`{"time": "now"}`, `{"time": "then"}`, `life.json:9: /words/opened/sets/club/~1openedAt: times has no "then"`},
		{`"/note": null`, `"note": null`, `life.json:8: /words/made/sets/club/note: it is no JSON pointer, which begins with a slash`},
		{`"firstPlan": {"is": "plan"}`, `"firstPlan": {"is": "price"}`, `life.json:4: /names/firstPlan: names has no "price"`},
		{`["seats", 2]`, `["seats"]`, `life.json:3: /names/more: add is of a name and a whole number`},
		{`["seats", 2]`, `["chairs", 2]`, `life.json:3: /names/more: names has no "chairs"`},
		{`"says": "of an older club", `, ``, `life.json:15: /forms/old/says: it is missing`},
		{`"anew": ["club"]`, `"anew": ["price"]`, `life.json:15: /forms/old: names has no "price"`},
		{`"forms":   {"old"`, `"forms":   {"very-old"`, `life.json:15: /forms/very-old: a form is called by small letters and digits`},
		{`"after": "end.1"`, `"needs": ["price"]`, `life.json:11: /words/renewed/needs: names has no "price"`},
		{`["owner|plan"]`, `["owner|price"]`, `life.json:15: /forms/old/needs: names has no "price"`},
		{`"after": "end.1"`, `"in": "playing"`, `life.json:11: /words/renewed/in: there is no phrase "playing"`},
	} {
		require.Contains(t, clubLife, row.old)
		_, err := ReadLife(clubFolder(strings.Replace(clubLife, row.old, row.with, 1)), "lives/club")
		if row.want == "" {
			require.NoError(t, err, row.with)
			continue
		}
		require.EqualError(t, err, "lives/club/"+row.want, row.with)
	}
}

// What a story does not tell has happened before it all the same, unless it cannot have.
func TestSupposed(t *testing.T) {
	t.Parallel()
	subscription, err := BuiltIn("subscription")
	require.NoError(t, err)
	bought := subscription.Phrases["bought"]
	for _, row := range []struct {
		life     *Life
		story    []string
		supposed []string
	}{
		{subscription, bought, nil},
		{subscription, bought[4:], bought[:4]},
		{subscription, []string{"deleted"}, bought},
		{subscription, []string{"deleted", "sub-active"}, bought[:3]},
		{subscription, []string{"trial-bought"}, []string{"trial-created", "trial-paid", "trial-paid-2"}},
		{subscription, []string{"old-sub-active"}, []string{"old-sub-incomplete", "old-sub-paid", "old-sub-paid-2"}},
		{subscription, []string{"stranger", "unhandled"}, nil},
		{Payment, []string{"refund"}, []string{"paid"}},
		{Payment, []string{"expired"}, nil}, // nothing that expires was paid
		{Payment, []string{"stranger-refund", "other-session-expired"}, nil},
	} {
		require.Equal(t, row.supposed, row.life.Supposed(row.story), "%v", row.story)
	}
}
